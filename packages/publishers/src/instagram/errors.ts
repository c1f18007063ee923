import type { ErrorMapper } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { messageOf } from '../platform-message.ts';
import { unknownRefusal, type Refusal } from '../refusals.ts';
import { graphErrorOf } from './graph-error.ts';
import { expired, mediaAgain, readGraphError, readSubcode, throttled } from './refusals.ts';

export const errors: ErrorMapper = {
  name: 'Instagram',
  readRefusal(response, now) {
    if (response.status === 429) return throttled(response, now);
    const error = graphErrorOf(response);
    const refusal = error ? readGraphError(error, response, now) : null;
    if (response.status === 401) {
      return refusal && refusal.failure.kind !== 'rejected_content' ? refusal : expired();
    }
    if (refusal || !error) return refusal;
    return error.isTransient ? mediaAgain() : unknownRefusal(errors.name);
  },
};

/** `media_publish` came before the container was ready. This is its only error that is believed at once. */
export function isNotReady(response: HttpResponse): boolean {
  // With a status other than 4xx, the answer contradicts itself and proves nothing.
  if (response.status < 400 || response.status > 499) return false;
  const error = graphErrorOf(response);
  return error?.code === 9007 || error?.subcode === 2207027;
}

/** A container in the call has expired, cannot be found, or cannot be used. */
export function isContainerLost(response: HttpResponse): boolean {
  const error = graphErrorOf(response);
  return error?.code === 24 || error?.subcode === 2207020;
}

/** The children are made again, which uses an attempt. */
export function childrenLost(detail: string): Refusal {
  const refusal = mediaAgain();
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

/** Why a container failed, from the sentence in its `status`. Without a known reason, a new container is tried. */
export function readContainerFailure(status: string | undefined, now: Date): Refusal {
  const subcode = Number(/\b2207\d{3}\b/.exec(status ?? '')?.[0]);
  const refusal = readSubcode(subcode, now) ?? mediaAgain();
  const platformMessage = messageOf({ json: { message: status } }, (words) => words);
  const detail = (status ?? 'no status given').slice(0, 200).toWellFormed();
  return {
    ...refusal,
    failure: { ...refusal.failure, detail, ...(platformMessage !== undefined && { platformMessage }) },
  };
}
