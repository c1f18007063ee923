import { Type } from 'typebox';
import { withDeadline } from '@solospark/foundation';
import { askPublicly, isAccepted } from '../accepted.ts';
import { bearer, decode, isSuccess, readRefusalOrUnclear, asUnclear } from '../answer.ts';
import { told } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { Created, GRAPH, ofAccount } from './api.ts';
import { keepRefusal } from './confirmed-refusal.ts';
import { errors, isNotReady } from './errors.ts';
import { notReady } from './refusals.ts';
import { containerIdOf } from './evidence.ts';

const PERMALINK_DEADLINE_MS = 5_000;

/** One `media_publish` of the container that `prepare` made. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const containerId = containerIdOf(call);
  if (!containerId) return noContainer();
  if (call.evidence['containerPublished'] === true) {
    // The documents do not say what a second publish call does. The look-up finds the receipt.
    return { outcome: 'unclear', detail: 'the container was published by an earlier attempt' };
  }

  const response = await askPublicly(call, {
    method: 'POST',
    path: ofAccount(call, 'media_publish'),
    headers: bearer(call),
    json: { creation_id: containerId },
  });

  const mediaId = isSuccess(response) ? createdIdOf(response) : undefined;
  if (mediaId !== undefined) {
    return { outcome: 'published', receipt: { remoteId: mediaId, url: await permalinkOf(call, mediaId) } };
  }
  if (isNotReady(response)) {
    const wait = notReady(call.now());
    return { ...wait, failure: { ...wait.failure, ...told(call, response) } };
  }
  // Instagram has answered error 4/2207051 for posts that went live. So no other error counts until the container confirms it.
  if (isAccepted(response)) await call.remember({ accepted: response.status });
  const said = readRefusalOrUnclear(call, errors, response);
  await keepRefusal(call, said.outcome === 'unclear' ? null : said);
  return asUnclear(call, response);
}

/** The post is out already, so every error while reading its link is ignored. */
async function permalinkOf(call: PublishCall, mediaId: string): Promise<string | null> {
  const path = `${GRAPH}/${encodeURIComponent(mediaId)}`;
  const read = call.http.request({
    method: 'GET',
    path,
    query: { fields: 'permalink' },
    headers: bearer(call),
  });
  try {
    const response = await withDeadline(read, PERMALINK_DEADLINE_MS, 'reading the permalink');
    return decode(Permalink, response)?.permalink ?? null;
  } catch {
    return null;
  }
}

/** An id can be too large for a JavaScript number. If it is a JSON number, it is read from the text. */
function createdIdOf(response: HttpResponse): string | undefined {
  return decode(Created, response)?.id ?? /^\s*\{\s*"id"\s*:\s*(\d{1,30})\b/.exec(response.text)?.[1];
}

function noContainer(): PublishOutcome {
  const reason =
    'Instagram has not processed the images or videos yet. Nothing was published; it is tried again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason } };
}

const Permalink = Type.Object({ permalink: Type.String({ minLength: 1 }) });
