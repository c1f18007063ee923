import { refusedOrUncertain, uncertain } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { authorUrn, headersOf, urlOfPost } from './api.ts';
import { dialect, duplicateUrnOf, isDuplicate, isImageLost } from './errors.ts';
import { toLittleText } from './little-text.ts';

/** An image that is still pending after this will not become ready; it is uploaded again, which uses an attempt. */
const IMAGE_PATIENCE_MS = 30 * 60_000;

/**
 * One `POST /rest/posts`. 201 with the id in a header is the only success.
 */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { imageUrn } = call.witness;
  if (call.media.length > 0 && typeof imageUrn !== 'string') return uploadAgain('no upload to attach');
  const response = await call.http.request({
    method: 'POST',
    path: '/rest/posts',
    headers: headersOf(call),
    json: postOf(call, imageUrn),
  });

  const urn = response.status === 201 ? response.headers.get('x-restli-id') : null;
  if (urn) return { outcome: 'published', receipt: { remoteId: urn, url: urlOfPost(urn) } };

  if (isDuplicate(response)) return readDuplicate(call, response);
  const refusal = refusedOrUncertain(call, dialect, response);
  if (
    isImageLost(response) ||
    (refusal.outcome === 'wait-until' && isImageOverdue(call, refusal.failure.kind))
  ) {
    await call.remember({ imageUrn: null });
    return uploadAgain('the uploaded image is not usable');
  }
  return refusal;
}

/**
 * On the first send of a delivery the post that is in the way cannot be ours: a refusal, and nothing was created.
 * After an unclear send it is most likely ours; what LinkedIn names is put down for `reconcile`.
 */
async function readDuplicate(call: PublishCall, response: HttpResponse): Promise<PublishOutcome> {
  const unclear = uncertain(call, response);
  if (call.sentBefore) {
    await call.remember({ duplicateUrn: duplicateUrnOf(response) });
    return unclear;
  }
  const reason =
    'LinkedIn refuses the same text within 10 minutes, and this text was posted there just before. ' +
    'Change the text, or post it anew in 10 minutes.';
  return {
    outcome: 'failed',
    failure: { kind: 'rejected_content', actor: 'user', reason, detail: unclear.detail },
  };
}

function postOf(call: PublishCall, imageUrn: unknown): unknown {
  const [image] = call.media;
  return {
    author: authorUrn(call.account),
    commentary: toLittleText(call.text),
    visibility: 'PUBLIC',
    distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
    ...(image
      ? { content: { media: { id: imageUrn, ...(image.altText ? { altText: image.altText } : {}) } } }
      : {}),
    lifecycleState: 'PUBLISHED',
    isReshareDisabledByAuthor: false,
  };
}

function isImageOverdue(call: PublishCall, kind: string): boolean {
  const { imageUploadedAt } = call.witness;
  if (kind !== 'unavailable' || typeof imageUploadedAt !== 'string') return false;
  return call.now().getTime() - Date.parse(imageUploadedAt) > IMAGE_PATIENCE_MS;
}

function uploadAgain(detail: string): PublishOutcome {
  const reason =
    'LinkedIn could not use the uploaded image. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}
