import { Type, type Static } from 'typebox';
import type { PublishCall, Evidence } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** A file at LinkedIn, with all of its bytes. */
const Upload = Type.Object({ urn: Type.String(), uploadedAt: Type.String() });

/** Under the name from when nothing but images could be posted: what was prepared then may be taken up now. */
export const uploads = uploadsUnder('images', Upload, readSingleImage);

/** A video on its way up. */
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

/** The ETags of its parts, as far as LinkedIn has acknowledged them; apart, since the addresses of the parts are long. */
export const videoParts = uploadsUnder(
  'videoParts',
  Type.Object({ etags: Type.Array(Type.String()), finalizing: Type.Boolean() }),
);

/** All go up again. */
export async function forgetUploads(call: PublishCall): Promise<void> {
  for (const each of [uploads, videoUploads, videoParts]) await each.forget(call, call.media);
}

/** As it was put down when a post could have one image only. */
function readSingleImage({ imageUrn, imageUploadedAt }: Evidence): Static<typeof Upload> | undefined {
  if (typeof imageUrn !== 'string' || typeof imageUploadedAt !== 'string') return undefined;
  return { urn: imageUrn, uploadedAt: imageUploadedAt };
}
