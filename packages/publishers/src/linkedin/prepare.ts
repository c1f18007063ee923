import { Type } from 'typebox';
import { askQuietly, decode } from '../answer.ts';
import type { PrepareOutcome, PublishCall } from '../publisher.ts';
import { authorUrn, headersOf } from './api.ts';
import { dialect } from './errors.ts';

/**
 * Uploads the image. Whether LinkedIn has processed it cannot be asked with a member's token (403), so that shows at
 * publishing: 400 MEDIA_ASSET_WAITING_UPLOAD, with nothing created.
 */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const [image] = call.media;
  if (!image || typeof call.witness['imageUrn'] === 'string') return { outcome: 'ready' };

  const begun = await askQuietly(
    call,
    dialect,
    {
      method: 'POST',
      path: '/rest/images',
      query: { action: 'initializeUpload' },
      headers: headersOf(call),
      json: { initializeUploadRequest: { owner: authorUrn(call.account) } },
    },
    (response) => decode(UploadBegun, response)?.value,
  );
  if (begun.outcome !== 'done') return begun;

  const stored = await askQuietly(
    call,
    dialect,
    {
      method: 'PUT',
      path: begun.value.uploadUrl,
      headers: { ...headersOf(call), 'content-type': image.mimeType },
      body: await image.bytes(),
    },
    () => true as const,
  );
  if (stored.outcome !== 'done') return stored;

  // Only now: a URN without its bytes would be posted with, and refused, for ever.
  await call.remember({ imageUrn: begun.value.image, imageUploadedAt: call.now().toISOString() });
  return { outcome: 'ready' };
}

const UploadBegun = Type.Object({
  value: Type.Object({
    uploadUrl: Type.String({ pattern: '^https?://' }),
    image: Type.String({ minLength: 1 }),
  }),
});
