import { answerOrNone, bearer, isSuccess, readRefusal, type Refusal } from '../answer.ts';
import { describe } from '../detail.ts';
import { NoAnswerError, type HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { errors, isExplained, isInvalid } from './errors.ts';

/**
 * `gone`: the file is attached to a status or was removed; the server does not say which. `not-told`: the server has no such
 * call, so it says nothing about any file.
 */
export type MediaState = 'ready' | 'processing' | 'gone' | 'failed' | 'not-told';

export type MediaAnswer =
  { state: MediaState; detail: string } | { state: null; refusal: Refusal | null; detail: string };

/** A read. 404 and 422 are normal answers here. `state` is null if nothing was learned. */
export async function askMedia(call: PublishCall, mediaId: string): Promise<MediaAnswer> {
  const path = `/api/v1/media/${encodeURIComponent(mediaId)}`;
  const response = await answerOrNone(call, { method: 'GET', path, headers: bearer(call) });
  if (response instanceof NoAnswerError) return { state: null, refusal: null, detail: response.message };
  const detail = describe(call, response);
  const state = stateOf(response);
  return state ? { state, detail } : { state, refusal: readRefusal(call, errors, response), detail };
}

function stateOf(response: HttpResponse): MediaState | null {
  if (response.status === 206) return 'processing';
  if (isSuccess(response)) return response.json === undefined ? null : 'ready';
  if (response.status === 404) return isExplained(response) ? 'gone' : 'not-told';
  return isInvalid(response) ? 'failed' : null;
}
