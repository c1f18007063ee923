import { Type, type Static } from 'typebox';
import type { Witness } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** An image at X. */
const Upload = Type.Object({
  mediaId: Type.String(),
  /** X forgets it then. */
  expiresAt: Type.String(),
  /** Its alternative text has been sent. */
  isDescribed: Type.Boolean(),
});
export type Upload = Static<typeof Upload>;

export const uploads = uploadsUnder('uploads', Upload, readSingleImage);

/** As it was put down when a post could have one image only. */
function readSingleImage({ mediaId, mediaUntil, describedMediaId }: Witness): Upload | undefined {
  if (typeof mediaId !== 'string' || typeof mediaUntil !== 'string') return undefined;
  return { mediaId, expiresAt: mediaUntil, isDescribed: describedMediaId === mediaId };
}
