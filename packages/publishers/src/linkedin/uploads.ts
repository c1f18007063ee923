import { Type, type Static } from 'typebox';
import type { PublishCall, Evidence } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** A completely uploaded file. */
const Upload = Type.Object({ urn: Type.String(), uploadedAt: Type.String() });

/** The name is from a version that posted images only; deliveries that it prepared must still work. */
export const uploads = uploadsUnder('images', Upload, readSingleImage);

/** A video upload in progress. */
const VideoUpload = Type.Object({
  urn: Type.String(),
  uploadToken: Type.String(),
  /** Epoch milliseconds. */
  expiresAt: Type.Number(),
  parts: Type.Array(
    Type.Object({
      uploadUrl: Type.String({ pattern: '^https?://' }),
      firstByte: Type.Integer({ minimum: 0 }),
      lastByte: Type.Integer({ minimum: 0 }),
    }),
    { minItems: 1 },
  ),
});
export type VideoUpload = Static<typeof VideoUpload>;

export const videoUploads = uploadsUnder('videoUploads', VideoUpload);

/** The ETags of the acknowledged parts. Kept separately, because the URLs above are long and this is written after each part. */
export const videoParts = uploadsUnder(
  'videoParts',
  Type.Object({ etags: Type.Array(Type.String()), finalizing: Type.Boolean() }),
);

/** All files are uploaded again. */
export async function forgetUploads(call: PublishCall): Promise<void> {
  for (const each of [uploads, videoUploads, videoParts]) await each.forget(call, call.media);
}

/** Reads the form of a version in which a post had at most one image. */
function readSingleImage({ imageUrn, imageUploadedAt }: Evidence): Static<typeof Upload> | undefined {
  if (typeof imageUrn !== 'string' || typeof imageUploadedAt !== 'string') return undefined;
  return { urn: imageUrn, uploadedAt: imageUploadedAt };
}
