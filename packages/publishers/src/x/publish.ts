import { Type } from 'typebox';
import { askPublicly, refusedOrUnclear } from '../accepted.ts';
import { bearer, decode, isSuccess, asUnclear } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome, Receipt } from '../publisher.ts';
import { errors, isDuplicate, isMediaInvalid, isMediaPending, mediaPending, uploadAgain } from './errors.ts';
import { settingsFields } from './settings.ts';
import { readyMediaIds, uploads } from './uploads.ts';

/** One `POST /2/tweets`. A 2xx means that the post is out, even if the answer has no id. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundPostId } = call.evidence;
  // `prepare` has found the post of an earlier attempt. Nothing is sent.
  if (typeof foundPostId === 'string') return { outcome: 'published', receipt: receiptOf(call, foundPostId) };
  const mediaIds = readyMediaIds(call);
  if (mediaIds.length < call.media.length) return uploadAgain('no upload to attach');

  const response = await askPublicly(call, {
    method: 'POST',
    path: '/2/tweets',
    headers: bearer(call),
    // X refuses an empty text beside media, so it is left out.
    json: {
      ...(call.text === '' ? {} : { text: call.text }),
      ...(mediaIds.length > 0 ? { media: { media_ids: mediaIds } } : {}),
      ...settingsFields(call),
    },
  });

  const id = isSuccess(response) ? createdIdOf(response) : undefined;
  if (id !== undefined) return { outcome: 'published', receipt: receiptOf(call, id) };
  if (isDuplicate(response)) {
    // The duplicate is our lost post or an older post of the author; the look-up tells which.
    await call.remember({ duplicateRefused: true });
    return asUnclear(call, response);
  }
  if (isMediaInvalid(response)) {
    // X does not say which file it means.
    await uploads.forget(call, call.media);
    return uploadAgain('an uploaded file is no longer valid');
  }
  if (isMediaPending(response)) return mediaPending(call, response);
  return refusedOrUnclear(call, errors, response);
}

/** An id can be too large for a JavaScript number. If it is a JSON number, it is read from the text. */
function createdIdOf(response: HttpResponse): string | undefined {
  const id = decode(Created, response)?.data.id;
  if (id === undefined || typeof id === 'string') return id;
  return /"data"\s*:\s*\{[^{}]*?"id"\s*:\s*(\d{1,19})\b/.exec(response.text)?.[1];
}

export function receiptOf(call: PublishCall, id: string): Receipt {
  return { remoteId: id, url: `https://x.com/${encodeURIComponent(call.account.handle)}/status/${id}` };
}

const Created = Type.Object({
  data: Type.Object({ id: Type.Union([Type.String({ pattern: '^[0-9]{1,19}$' }), Type.Integer()]) }),
});
