import { Type } from 'typebox';
import { callIdempotent, decode, done, type Step } from '../answer.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { inPieces, timeToUpload } from '../uploads.ts';
import { authorUrn, headersOf } from './api.ts';
import { errors } from './errors.ts';

/** Uploads an image or a document in one request, with the bearer token. Returns its URN. */
export async function uploadWhole(
  call: PublishCall,
  file: PublishMedia,
  kind: 'image' | 'document',
): Promise<Step<string>> {
  const begun = await callIdempotent(
    call,
    errors,
    {
      method: 'POST',
      path: `/rest/${kind}s`,
      query: { action: 'initializeUpload' },
      headers: headersOf(call),
      json: { initializeUploadRequest: { owner: authorUrn(call.account) } },
    },
    (response) => {
      const { uploadUrl, [kind]: urn } = decode(UploadBegun, response)?.value ?? {};
      return uploadUrl && urn ? { uploadUrl, urn } : undefined;
    },
  );
  if (begun.outcome !== 'done') return begun;

  const stored = await callIdempotent(
    call,
    errors,
    {
      method: 'PUT',
      path: begun.value.uploadUrl,
      headers: { ...headersOf(call), 'content-type': file.mimeType },
      // A document can be a hundred megabytes.
      body: kind === 'image' ? await file.bytes() : inPieces(file),
      timeoutMs: timeToUpload(file.byteSize),
    },
    () => true as const,
  );
  return stored.outcome === 'done' ? done(begun.value.urn) : stored;
}

const UploadBegun = Type.Object({
  value: Type.Object({
    uploadUrl: Type.String({ pattern: '^https?://' }),
    image: Type.Optional(Type.String({ minLength: 1 })),
    document: Type.Optional(Type.String({ minLength: 1 })),
  }),
});
