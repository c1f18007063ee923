import { Type } from 'typebox';
import { bearer, decode, refusedOrUncertain, uncertain } from '../answer.ts';
import type { PublishCall, PublishOutcome, Receipt } from '../publisher.ts';
import { dialect, isDuplicate, isMediaInvalid, uploadAgain } from './errors.ts';
import { settingsFields } from './settings.ts';
import { readyMediaIds, uploads } from './uploads.ts';

/** One `POST /2/tweets`. 201 with an id is the only success. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundPostId } = call.witness;
  // An earlier attempt did it: `prepare` has seen the post. Nothing is sent.
  if (typeof foundPostId === 'string') return { outcome: 'published', receipt: receiptOf(call, foundPostId) };
  const mediaIds = readyMediaIds(call);
  if (mediaIds.length < call.media.length) return uploadAgain('no upload to attach');

  const response = await call.http.request({
    method: 'POST',
    path: '/2/tweets',
    headers: bearer(call),
    // An empty text next to media is refused; it has to be left out.
    json: {
      ...(call.text === '' ? {} : { text: call.text }),
      ...(mediaIds.length > 0 ? { media: { media_ids: mediaIds } } : {}),
      ...settingsFields(call),
    },
  });

  const id = response.status === 201 ? decode(Created, response)?.data.id : undefined;
  if (id !== undefined) return { outcome: 'published', receipt: receiptOf(call, id) };
  if (isDuplicate(response)) {
    // Ours from an attempt whose answer got lost, or an older one of the author's: reconcile tells them apart.
    await call.remember({ duplicateRefused: true });
    return uncertain(call, response);
  }
  if (isMediaInvalid(response)) {
    // X does not say which.
    await uploads.forget(call, call.media);
    return uploadAgain('an uploaded file is no longer valid');
  }
  return refusedOrUncertain(call, dialect, response);
}

export function receiptOf(call: PublishCall, id: string): Receipt {
  return { remoteId: id, url: `https://x.com/${encodeURIComponent(call.account.handle)}/status/${id}` };
}

const Created = Type.Object({ data: Type.Object({ id: Type.String({ pattern: '^[0-9]{1,19}$' }) }) });
