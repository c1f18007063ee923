import type { Draft, Limits, Violation } from './publisher.ts';

/** The rules on media that differ between platforms in their numbers only. `name` stands in the sentences. */
export function checkMedia(name: string, draft: Draft, limits: Limits['media']): Violation[] {
  const { media } = draft;
  const found: Violation[] = [];
  if (media.length < limits.min) {
    found.push({ field: 'media', code: 'media_missing', detail: `${name} needs an image with every post.` });
  }
  if (media.length > limits.max) {
    found.push({
      field: 'media',
      code: 'too_many_media',
      detail: `SoloSpark posts at most ${limits.max} ${limits.max === 1 ? 'image' : 'images'} to ${name}; this post has ${media.length}.`,
    });
  }
  media.forEach((item, index) => {
    const field = `media/${index}`;
    if (!limits.mimeTypes.includes(item.mimeType)) {
      const detail = item.mimeType.startsWith('video/')
        ? `SoloSpark does not post videos to ${name} yet. Take the video off this post, or the channel.`
        : `${name} takes ${limits.mimeTypes.join(', ')}; this is ${item.mimeType}.`;
      found.push({ field, code: 'media_type_unsupported', detail });
    } else if (item.byteSize > limits.maxBytes) {
      found.push({
        field,
        code: 'media_too_large',
        detail: `${name} takes images of up to ${limits.maxBytes} bytes; this one has ${item.byteSize}.`,
      });
    }
    if ((item.altText ?? '').length > limits.maxAltTextLength) {
      found.push({
        field: `${field}/altText`,
        code: 'alt_text_too_long',
        detail: `${name} takes alt texts of up to ${limits.maxAltTextLength} characters.`,
      });
    }
  });
  return found;
}

export function textTooLong(name: string, length: number, max: number): Violation[] {
  if (length <= max) return [];
  return [
    {
      field: 'text',
      code: 'text_too_long',
      detail: `${name} allows ${max} characters, as it counts them; this text has ${length}.`,
    },
  ];
}

export function textMissing(name: string): Violation {
  return { field: 'text', code: 'text_missing', detail: `${name} needs a text.` };
}
