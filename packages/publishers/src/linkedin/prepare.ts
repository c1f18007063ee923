import { done, type Step } from '../answer.ts';
import type { Failed, PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { uploadSequentially } from '../uploads.ts';
import { isOrganization } from './api.ts';
import { notePostsOnce } from './note-posts.ts';
import { openResend } from './resend.ts';
import { settingsOf } from './settings.ts';
import { uploadVideo } from './upload-video.ts';
import { uploadWhole } from './upload-whole.ts';
import { uploads } from './uploads.ts';

/**
 * Uploads the files, and notes which posts an organization has before the send. A member's token cannot ask whether LinkedIn has
 * processed a file (403). The public call tells: 400 MEDIA_ASSET_WAITING_UPLOAD, with nothing created.
 */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  // The second send must be identical to the first.
  if (openResend(call)) return { outcome: 'ready' };
  if (isOrganization(call.account) && settingsOf(call).visibility === 'CONNECTIONS') return noConnections;
  const uploaded = await uploadSequentially(call.media, (file) => uploadOnce(call, file));
  if (uploaded.outcome !== 'done') return uploaded;
  const noted = isOrganization(call.account) ? await notePostsOnce(call) : done(true);
  return noted.outcome === 'done' ? { outcome: 'ready' } : noted;
}

async function uploadOnce(call: PublishCall, file: PublishMedia): Promise<Step<true>> {
  if (uploads.find(call, file)) return done(true);
  const urn = await upload(call, file);
  if (urn.outcome !== 'done') return urn;
  // Kept only after the upload: a URN without its bytes would be refused in every attempt.
  await uploads.keep(call, file, { urn: urn.value, uploadedAt: call.now().toISOString() });
  return done(true);
}

function upload(call: PublishCall, file: PublishMedia): Promise<Step<string>> {
  if (file.kind === 'video') return uploadVideo(call, file);
  return uploadWhole(call, file, file.kind === 'document' ? 'document' : 'image');
}

/** The post is not made public instead: its author chose a smaller audience. */
const noConnections: Failed = {
  outcome: 'failed',
  failure: {
    kind: 'rejected_content',
    actor: 'user',
    reason:
      'A page on LinkedIn has followers and no connections, so this post cannot be for connections only. ' +
      'Nothing was published. Duplicate the post, and publish the copy for everybody.',
  },
};
