import type { DraftMedia, MediaLimits } from './publisher.ts';

/** Whether the platform takes this very file: what `check` would find nothing to say against, but for its shape. */
export function fitsLimits(
  file: Pick<DraftMedia, 'mimeType' | 'byteSize' | 'width' | 'height'>,
  limits: MediaLimits,
): boolean {
  return (
    limits.mimeTypes.includes(file.mimeType) &&
    file.byteSize <= limits.maxBytes &&
    file.width * file.height <= (limits.maxPixels ?? Infinity)
  );
}
