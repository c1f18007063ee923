import { Type, type Static } from 'typebox';
import type { PublishCall, PublishMedia, Evidence } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** An upload in pieces: a GIF or a video. */
const Pieces = Type.Object({
  /** How many pieces X has acknowledged, from the first on. */
  sent: Type.Integer(),
  /** Null: not finalized. */
  finalizedAt: Type.Union([Type.String(), Type.Null()]),
  /** When X may next be asked for the status. */
  askFrom: Type.String(),
  isProcessed: Type.Boolean(),
});

/** An uploaded file. */
const Upload = Type.Object({
  mediaId: Type.String(),
  /** When X forgets the upload. */
  expiresAt: Type.String(),
  /** Its alternative text has been sent. */
  isDescribed: Type.Boolean(),
  /** Absent for an upload in one call (images). */
  pieces: Type.Optional(Pieces),
});
export type Upload = Static<typeof Upload>;
export type Pieces = Static<typeof Pieces>;

export const uploads = uploadsUnder('uploads', Upload, readSingleImage);

/** The ids to attach: those of files that are uploaded and processed. */
export function readyMediaIds(call: PublishCall): string[] {
  return call.media.flatMap((file: PublishMedia) => {
    const upload = uploads.find(call, file);
    return upload && (upload.pieces?.isProcessed ?? true) ? upload.mediaId : [];
  });
}

/** Reads the form of a version in which a post had at most one image. */
function readSingleImage({ mediaId, mediaUntil, describedMediaId }: Evidence): Upload | undefined {
  if (typeof mediaId !== 'string' || typeof mediaUntil !== 'string') return undefined;
  return { mediaId, expiresAt: mediaUntil, isDescribed: describedMediaId === mediaId };
}
