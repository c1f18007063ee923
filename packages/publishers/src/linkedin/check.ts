import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import type { Draft, DraftMedia, Limits, Violation } from '../publisher.ts';
import { toLittleText } from './little-text.ts';

const NAME = 'LinkedIn';
/** Exclusive. */
const MAX_PIXELS = 36_152_320;

export const limits: Limits = {
  maxTextLength: 3_000,
  media: {
    min: 0,
    max: 20,
    mimeTypes: ['image/jpeg', 'image/png'],
    // LinkedIn documents no limit in bytes; this one is ours.
    maxBytes: 20_000_000,
    maxPixels: MAX_PIXELS - 1,
    maxAltTextLength: 4_086,
    rendition: { maxWidth: 4_096, maxHeight: 4_096 },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [
    ...checkText(draft.text),
    ...checkMedia(NAME, draft, limits.media),
    ...draft.media.flatMap(checkPixels),
  ];
}

/** Whether the escapes count is documented nowhere, so they do. */
function checkText(text: string): Violation[] {
  if (text.trim() === '') return [textMissing(NAME)];
  return textTooLong(NAME, toLittleText(text).length, limits.maxTextLength);
}

function checkPixels(media: DraftMedia, index: number): Violation[] {
  if (media.width * media.height < MAX_PIXELS) return [];
  return [
    {
      field: `media/${index}`,
      code: 'media_too_many_pixels',
      detail: `${NAME} takes images of fewer than ${MAX_PIXELS} pixels; this one is ${media.width} × ${media.height}.`,
    },
  ];
}
