import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../publisher.ts';
import { countedLength } from './count.ts';

const NAME = 'Mastodon';

/** What Mastodon comes with; a server may allow more. */
export const limits: Limits = {
  maxTextLength: 500,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    maxAltTextLength: 1_500,
    image: {
      max: 4,
      // A GIF becomes a video, and is not taken together with images.
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      maxBytes: 16_777_216,
      rendition: { maxWidth: 4_096, maxHeight: 4_096 },
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  const { text, media } = draft;
  return [
    ...(text.trim() === '' && media.length === 0 ? [textMissing(NAME)] : []),
    ...textTooLong(NAME, countedLength(text), limits.maxTextLength),
    ...checkMedia(NAME, draft, limits.media),
  ];
}
