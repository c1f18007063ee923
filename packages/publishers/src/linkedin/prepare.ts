import { Type } from 'typebox';
import { askQuietly, decode, done, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { inTurn } from '../uploads.ts';
import { authorUrn, headersOf, isOrganization } from './api.ts';
import { dialect } from './errors.ts';
import { notePostsOnce } from './note-posts.ts';
import { uploads } from './uploads.ts';

/**
 * Uploads the images, and notes which posts an organization has before the send. Whether LinkedIn has processed the images
 * cannot be asked with a member's token (403), so that shows at publishing: 400 MEDIA_ASSET_WAITING_UPLOAD, with nothing
 * created.
 */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const uploaded = await inTurn(call.media, (image) => uploadOnce(call, image));
  if (uploaded.outcome !== 'done') return uploaded;
  const noted = isOrganization(call.account) ? await notePostsOnce(call) : done(true);
  return noted.outcome === 'done' ? { outcome: 'ready' } : noted;
}

async function uploadOnce(call: PublishCall, image: PublishMedia): Promise<Step<true>> {
  if (uploads.find(call, image)) return done(true);

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
  await uploads.keep(call, image, { urn: begun.value.image, uploadedAt: call.now().toISOString() });
  return done(true);
}

const UploadBegun = Type.Object({
  value: Type.Object({
    uploadUrl: Type.String({ pattern: '^https?://' }),
    image: Type.String({ minLength: 1 }),
  }),
});
