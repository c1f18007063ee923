// Floor 2: decides. What a post, a channel, a delivery and a schedule are, and every use case that a door may call.
export { Limits } from '@solospark/publishers';
export { type ByteRange, type ReceivedFile, type Upload } from '@solospark/storage';
export { connectSandboxChannel } from './connection/connect-sandbox-channel.ts';
export { type ChannelSummary } from './channel/channel.repository.ts';
export { disconnectChannel } from './connection/disconnect-channel.ts';
export { EXPIRY_WARNING_MS } from './channel/channel.ts';
export { limitsOf } from './channel/limits.ts';
export { listChannels } from './channel/list-channels.ts';
export { rotateKeys } from './connection/rotate-keys.ts';
export { finishConnection } from './connection/finish-connection.ts';
export { getConnection, type ConnectionProgress } from './connection/get-connection.ts';
export { redirectToAuthorization } from './connection/redirect-to-authorization.ts';
export { listPlatforms, type PlatformSummary } from './connection/list-platforms.ts';
export { openConsentForm } from './connection/open-consent-form.ts';
export { signInAccount } from './connection/sign-in-account.ts';
export { startConnection } from './connection/start-connection.ts';
export { type Context, type Settings } from './context.ts';
export { DomainError, type DomainErrorCode } from './errors.ts';
export { apiVersionVariable } from './channel/api-version.ts';
export { STALL_MS } from './delivery/delivery.ts';
export { organizationOfKey } from './identity/organization-of-key.ts';
export { addMedia } from './media/add-media.ts';
export { updateAltText } from './post/update-alt-text.ts';
export { getMedia } from './media/get-media.ts';
export { MAX_UPLOAD_BYTES, signMediaUrl, THUMBNAIL, type Media } from './media/media.ts';
export { openMedia } from './media/open-media.ts';
export { storeProblem } from './media/store-problem.ts';
export { removeMedia } from './media/remove-media.ts';
export { startSweeping } from './worker/start-sweeping.ts';
export { sweepFiles } from './media/sweep-files.ts';
export { warningsOf } from './post/check-post.ts';
export { createPost } from './post/create-post.ts';
export { deletePost } from './post/delete-post.ts';
export { duplicatePost } from './post/duplicate-post.ts';
export { editPost } from './post/edit-post.ts';
export { getPost } from './post/get-post.ts';
export { listPosts } from './post/list-posts.ts';
export { type Post, type PostDelivery, type PostStatus } from './post/post.ts';
export { publishPostNow } from './firing/publish-post-now.ts';
export { type ContentInput } from './post/resolve-content.ts';
export { resolveDelivery } from './delivery/resolve-delivery.ts';
export { retryPost } from './firing/retry-post.ts';
export { schedulePost } from './post/schedule-post.ts';
export { unschedulePost } from './post/unschedule-post.ts';
export { secondsSinceHeartbeat, storeOfWorkers } from './worker/heartbeat.repository.ts';
export {
  startPublishing,
  workerName,
  type Publishing,
  type PublishingOptions,
} from './worker/start-publishing.ts';
