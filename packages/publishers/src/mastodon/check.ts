import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../draft.ts';
import { countedLength } from './count.ts';
import { choicesOf } from './settings.ts';

const NAME = 'Mastodon';

/** Mastodon's defaults. A server may allow more or less (`readLimits`). */
export const limits = {
  maxTextLength: 500,
  charactersPerLink: 23,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    maxAltTextLength: 1_500,
    image: {
      max: 4,
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      maxBytes: 16_777_216,
      maxPixels: 33_177_600,
      rendition: { maxWidth: 4_096, maxHeight: 4_096 },
    },
    // A GIF becomes a video and cannot be combined with images. No server tells how large it may be.
    gif: { max: 1, mimeTypes: ['image/gif'], maxBytes: 16_777_216, maxPixels: 921_600 },
    video: {
      max: 1,
      mimeTypes: ['video/mp4', 'video/quicktime'],
      maxBytes: 103_809_024,
      maxPixels: 8_294_400,
      maxFrameRate: 120,
      // The server converts other codecs to H.264.
      codecs: ['h264', 'hevc'],
    },
  },
} satisfies Limits;

export function checkDraft(
  draft: Draft,
  { maxTextLength, charactersPerLink, media }: Limits = limits,
): Violation[] {
  const { spoilerText } = choicesOf(draft);
  const length = countedLength(draft.text, charactersPerLink, spoilerText);
  return [
    ...(draft.text === '' && draft.media.length === 0 ? [textMissing(NAME)] : []),
    ...(spoilerText === '' ? textTooLong(NAME, length, maxTextLength) : bothTooLong(length, maxTextLength)),
    ...checkMedia(NAME, draft, media, countCodePoints),
  ];
}

/** Counts an alt text as Ruby's `String#length` does: `validates :description, length:` in media_attachment.rb. */
function countCodePoints(altText: string): number {
  // Without an array of the characters, which takes much more memory than the text.
  let characters = 0;
  for (let at = 0; at < altText.length; at += (altText.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
    characters += 1;
  return characters;
}

function bothTooLong(length: number, max: number): Violation[] {
  if (length <= max) return [];
  const detail = `${NAME} allows ${max} characters, as it counts them, for a text and its content warning together; these have ${length}.`;
  return [{ field: 'text', code: 'text_too_long', detail }];
}
