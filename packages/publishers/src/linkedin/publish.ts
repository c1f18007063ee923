import { refusedOrUncertain, uncertain } from '../answer.ts';
import { describe } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { authorUrn, headersOf, receiptOf } from './api.ts';
import { dialect, duplicateUrnOf, isDuplicate, isImageLost, isImagePending, uploadAgain } from './errors.ts';
import { toLittleText } from './little-text.ts';
import { uploads } from './uploads.ts';

/** Images that are still pending after this will not become ready; they are uploaded again, which uses an attempt. */
const IMAGE_PATIENCE_MS = 30 * 60_000;

/** One `POST /rest/posts`. 201 with the id in a header is the only success. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundUrn } = call.witness;
  // An earlier attempt did it: `prepare` has seen the post. Nothing is sent.
  if (typeof foundUrn === 'string') return { outcome: 'published', receipt: receiptOf(foundUrn) };
  const images = imagesOf(call);
  if (images.length < call.media.length) return uploadAgain('no upload to attach');
  const response = await call.http.request({
    method: 'POST',
    path: '/rest/posts',
    headers: headersOf(call),
    json: postOf(call, images),
  });

  const urn = response.status === 201 ? response.headers.get('x-restli-id') : null;
  if (urn) return { outcome: 'published', receipt: receiptOf(urn) };

  if (isDuplicate(response)) return readDuplicate(call, response);
  // Which of several images it is about is not said, so all of them go up again.
  if (isImageLost(response) || (isImagePending(response) && areImagesOverdue(call))) {
    await uploads.forget(call, call.media);
    return uploadAgain(describe(call, response));
  }
  return refusedOrUncertain(call, dialect, response);
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

interface PostImage {
  id: string;
  altText?: string;
}

function imagesOf(call: PublishCall): PostImage[] {
  return call.media.flatMap((image) => {
    const upload = uploads.find(call, image);
    return upload ? [{ id: upload.urn, ...(image.altText ? { altText: image.altText } : {}) }] : [];
  });
}

function postOf(call: PublishCall, images: PostImage[]): unknown {
  return {
    author: authorUrn(call.account),
    commentary: toLittleText(call.text),
    visibility: 'PUBLIC',
    distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
    ...contentOf(images),
    lifecycleState: 'PUBLISHED',
    isReshareDisabledByAuthor: false,
  };
}

/** One image is of another kind than several. */
function contentOf(images: PostImage[]): { content?: unknown } {
  const [only, ...more] = images;
  if (!only) return {};
  return { content: more.length === 0 ? { media: only } : { multiImage: { images } } };
}

/** Counted from the latest: the others may have waited for it. */
function areImagesOverdue(call: PublishCall): boolean {
  return call.media.every((image) => {
    const uploadedAt = uploads.find(call, image)?.uploadedAt ?? '';
    return call.now().getTime() - Date.parse(uploadedAt) > IMAGE_PATIENCE_MS;
  });
}
