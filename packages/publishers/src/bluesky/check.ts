import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../publisher.ts';
import { countGraphemes } from './graphemes.ts';

const NAME = 'Bluesky';
const MAX_BYTES = 3_000;

export const limits: Limits = {
  maxTextLength: 300,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    // Bluesky documents no limit; this one is ours.
    maxAltTextLength: 2_000,
    image: {
      max: 4,
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      // The lexicon of today says 2,000,000; servers that lag behind refuse more than this.
      maxBytes: 1_000_000,
      // As Bluesky's own app makes them.
      rendition: { maxWidth: 2_000, maxHeight: 2_000 },
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [...checkText(draft), ...checkMedia(NAME, draft, limits.media)];
}

function checkText({ text, media }: Draft): Violation[] {
  if (text.trim() === '') return media.length > 0 ? [] : [textMissing(NAME)];
  return [...textTooLong(NAME, countGraphemes(text), limits.maxTextLength), ...checkBytes(text)];
}

/** 300 emoji that are put together of many can take more bytes than Bluesky allows. */
function checkBytes(text: string): Violation[] {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return [];
  return [
    {
      field: 'text',
      code: 'text_too_many_bytes',
      detail: `${NAME} allows ${MAX_BYTES} bytes; this text has ${bytes}. Emoji made of several take the most.`,
    },
  ];
}
