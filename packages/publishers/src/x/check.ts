import twitterText from 'twitter-text';
import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../publisher.ts';

const NAME = 'X';

export const limits: Limits = {
  maxTextLength: 280,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    maxAltTextLength: 1_000,
    image: {
      max: 4,
      // GIFs have an upload category and limits of their own.
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      maxBytes: 5_000_000,
      rendition: { maxWidth: 4_096, maxHeight: 4_096 },
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [...checkText(draft), ...checkMedia(NAME, draft, limits.media)];
}

function checkText({ text, media }: Draft): Violation[] {
  if (text.trim() === '') return media.length > 0 ? [] : [textMissing(NAME)];
  const found = textTooLong(NAME, weightedLength(text), limits.maxTextLength);
  if (twitterText.hasInvalidCharacters(text)) {
    found.push({
      field: 'text',
      code: 'text_invalid_characters',
      detail: `${NAME} refuses a character in this text.`,
    });
  }
  if (twitterText.extractCashtags(text).length > 1) {
    found.push({
      field: 'text',
      code: 'too_many_cashtags',
      detail: `${NAME} allows one cashtag ($NAME) in a post.`,
    });
  }
  return found;
}

/** As X counts: any link 23, an emoji 2, letters beyond Latin and its neighbours 2, after NFC. */
export function weightedLength(text: string): number {
  return twitterText.parseTweet(text).weightedLength;
}
