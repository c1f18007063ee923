import { checkMedia, textTooLong } from '../draft-rules.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../publisher.ts';

const NAME = 'Instagram';
const MAX_HASHTAGS = 30;
const MAX_MENTIONS = 20;

export const limits: Limits = {
  maxTextLength: 2_200,
  media: {
    min: 1,
    max: 10,
    mixed: false,
    maxAltTextLength: 1_000,
    image: {
      max: 10,
      mimeTypes: ['image/jpeg'],
      maxBytes: 8_000_000,
      minRatio: 4 / 5,
      maxRatio: 1.91,
      // Wider ones are scaled down there; 4:5 is the highest shape.
      rendition: { maxWidth: 1_440, maxHeight: 1_800 },
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [
    ...textTooLong(NAME, longestCount(draft.text), limits.maxTextLength),
    ...tooMany(draft.text, /#[\p{L}\p{N}_]+/gu, MAX_HASHTAGS, 'too_many_hashtags', 'hashtags'),
    ...tooMany(draft.text, /@[\p{L}\p{N}_.]+/gu, MAX_MENTIONS, 'too_many_mentions', '@ mentions'),
    ...checkMedia(NAME, draft, limits.media),
  ];
}

/** Meta does not say what a character is. Code units are never fewer than code points or graphemes. */
function longestCount(text: string): number {
  return text.length;
}

function tooMany(text: string, pattern: RegExp, max: number, code: string, what: string): Violation[] {
  const count = (text.match(pattern) ?? []).length;
  if (count <= max) return [];
  return [{ field: 'text', code, detail: `${NAME} allows ${max} ${what}; this text has ${count}.` }];
}
