import { Type, type Static } from 'typebox';
import type { Witness } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** An image at LinkedIn, with its bytes. */
const Upload = Type.Object({ urn: Type.String(), uploadedAt: Type.String() });

export const uploads = uploadsUnder('images', Upload, readSingleImage);

/** As it was put down when a post could have one image only. */
function readSingleImage({ imageUrn, imageUploadedAt }: Witness): Static<typeof Upload> | undefined {
  if (typeof imageUrn !== 'string' || typeof imageUploadedAt !== 'string') return undefined;
  return { urn: imageUrn, uploadedAt: imageUploadedAt };
}
