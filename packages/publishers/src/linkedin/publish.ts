import { askPublicly, isAccepted, refusedOrUnclear, WITHOUT_LINK } from '../accepted.ts';
import { isSuccess, asUnclear } from '../answer.ts';
import { describe, told } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { MediaKind } from '../draft.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { authorUrn, headersOf, isOrganization, receiptOf } from './api.ts';
import { createdReceiptOf } from './created.ts';
import { contentOf } from './content.ts';
import { errors, duplicateUrnOf, isDuplicate, isUploadLost, isUploadPending, uploadAgain } from './errors.ts';
import { toLittleText } from './little-text.ts';
import { openResend } from './resend.ts';
import { settingsOf } from './settings.ts';
import { forgetUploads, uploads } from './uploads.ts';

/** A file that is still pending after this time is uploaded again, which uses an attempt. */
const PATIENCE_MS: Record<MediaKind, number> = {
  image: 30 * 60_000,
  gif: 30 * 60_000,
  document: 30 * 60_000,
  video: 2 * 60 * 60_000,
};

/** One `POST /rest/posts`. A 2xx means that the post is out; a header has its id. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundUrn } = call.evidence;
  // `prepare` has found the post of an earlier attempt. Nothing is sent.
  if (typeof foundUrn === 'string') return { outcome: 'published', receipt: receiptOf(foundUrn) };
  const resend = openResend(call);
  return resend ? sendOnceMore(call, resend) : send(call);
}

/**
 * The second send of a post that may be out. It proves the post only by a success or a duplicate refusal. Any other answer leaves
 * the first send unclear, and so does a second send that would come too late to be refused.
 */
async function sendOnceMore(call: PublishCall, { until }: { until: string }): Promise<PublishOutcome> {
  if (call.now().getTime() >= Date.parse(until)) {
    return { outcome: 'unclear', detail: 'it was too late to send the post once more' };
  }
  const outcome = await send(call);
  const { duplicateUrn } = call.evidence;
  if (outcome.outcome === 'unclear' && typeof duplicateUrn === 'string') {
    return { outcome: 'published', receipt: receiptOf(duplicateUrn) };
  }
  if (outcome.outcome === 'published' || outcome.outcome === 'unclear') return outcome;
  return { outcome: 'unclear', detail: outcome.failure.detail ?? outcome.failure.reason };
}

async function send(call: PublishCall): Promise<PublishOutcome> {
  if (call.media.some((file) => !uploads.find(call, file))) return uploadAgain('no upload to attach');
  const response = await askPublicly(call, {
    method: 'POST',
    path: '/rest/posts',
    headers: headersOf(call),
    json: postOf(call),
  });

  const receipt = isSuccess(response) ? createdReceiptOf(response) : null;
  if (receipt) return { outcome: 'published', receipt };
  // A member's posts cannot be read, so the id stays unknown.
  if (isAccepted(response) && !isOrganization(call.account))
    return { outcome: 'published', receipt: WITHOUT_LINK };

  if (isDuplicate(response)) return readDuplicate(call, response);
  // LinkedIn does not say which file it means, so all are uploaded again.
  if (isUploadLost(response) || (isUploadPending(response) && areUploadsOverdue(call))) {
    await forgetUploads(call);
    return uploadAgain(describe(call, response));
  }
  return refusedOrUnclear(call, errors, response);
}

/**
 * On the first send of a delivery, the duplicate cannot be our post: this is a refusal, and nothing was created. After an unclear
 * send it is most likely ours; the post that LinkedIn names is remembered for `lookUp`.
 */
async function readDuplicate(call: PublishCall, response: HttpResponse): Promise<PublishOutcome> {
  const unclear = asUnclear(call, response);
  if (call.sentBefore) {
    await call.remember({ duplicateUrn: duplicateUrnOf(response) });
    return unclear;
  }
  const reason =
    'LinkedIn refuses the same text within 10 minutes, and this text was posted there just before. ' +
    'Retry the post in 10 minutes, or duplicate it and change the text of the copy.';
  return {
    outcome: 'failed',
    failure: { kind: 'rejected_content', actor: 'user', reason, ...told(call, response) },
  };
}

function postOf(call: PublishCall): unknown {
  const { visibility, allowReshare } = settingsOf(call);
  return {
    author: authorUrn(call.account),
    commentary: toLittleText(call.text),
    visibility,
    distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
    ...contentOf(call),
    lifecycleState: 'PUBLISHED',
    isReshareDisabledByAuthor: !allowReshare,
  };
}

/** True if every upload is overdue: earlier files may have waited for the last one. */
function areUploadsOverdue(call: PublishCall): boolean {
  return call.media.every((file) => {
    const uploadedAt = uploads.find(call, file)?.uploadedAt ?? '';
    return call.now().getTime() - Date.parse(uploadedAt) > PATIENCE_MS[file.kind];
  });
}
