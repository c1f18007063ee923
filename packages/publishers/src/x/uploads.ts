import { Type, type Static } from 'typebox';
import type { PublishCall, PublishMedia, Evidence } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** What goes up in pieces: a GIF or a video. */
const Pieces = Type.Object({
  /** So many from the first on have been acknowledged. */
  sent: Type.Integer(),
  /** Null: not all of them are there. */
  finalizedAt: Type.Union([Type.String(), Type.Null()]),
  /** When X may be asked next how far the processing is. */
  askFrom: Type.String(),
  isProcessed: Type.Boolean(),
});

/** A file at X. */
const Upload = Type.Object({
  mediaId: Type.String(),
  /** X forgets it then. */
  expiresAt: Type.String(),
  /** Its alternative text has been sent. */
  isDescribed: Type.Boolean(),
  /** Absent where it went up in one call, as an image does. */
  pieces: Type.Optional(Pieces),
});
export type Upload = Static<typeof Upload>;
export type Pieces = Static<typeof Pieces>;

export const uploads = uploadsUnder('uploads', Upload, readSingleImage);

/** The ids to attach: of the files that X has whole, and is done with. */
export function readyMediaIds(call: PublishCall): string[] {
  return call.media.flatMap((file: PublishMedia) => {
    const upload = uploads.find(call, file);
    return upload && (upload.pieces?.isProcessed ?? true) ? upload.mediaId : [];
  });
}

/** As it was put down when a post could have one image only. */
function readSingleImage({ mediaId, mediaUntil, describedMediaId }: Evidence): Upload | undefined {
  if (typeof mediaId !== 'string' || typeof mediaUntil !== 'string') return undefined;
  return { mediaId, expiresAt: mediaUntil, isDescribed: describedMediaId === mediaId };
}
