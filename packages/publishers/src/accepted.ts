import { isSuccess, readRefusalOrUnclear, type Asking, type ErrorMapper, type Refusal } from './answer.ts';
import { NoAnswerError, type HttpRequest, type HttpResponse } from './http.ts';
import type { PublishCall, LookUpOutcome, Receipt, Unclear } from './publisher.ts';

// A 2xx of the public call proves that the platform took the post, even when the rest of the answer is lost or unreadable. The
// look-up then only searches for its id and link. Without them the delivery is published without a link. The post is never sent
// again.

/** The post is out; its id and link are unknown. */
export const WITHOUT_LINK: Receipt = { remoteId: null, url: null };

/** A proxy may answer 200 to anything; a 201 comes from the platform. */
const CREATED = 201;

/**
 * Makes the one public call. A 2xx counts even when its body was lost.
 * @throws what the client throws, when no 2xx came
 */
export async function askPublicly(call: PublishCall, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await call.http.request(request);
  } catch (error) {
    const head = error instanceof NoAnswerError ? error.head : undefined;
    if (!head || !isSuccess(head)) throw error;
    return { ...head, text: '', json: undefined };
  }
}

/** Reads every answer except a success with an id: a refusal that the platform explains, or unclear. */
export async function refusedOrUnclear(
  call: PublishCall & Asking,
  errors: ErrorMapper,
  response: HttpResponse,
): Promise<Refusal | Unclear> {
  if (isAccepted(response)) await call.remember({ accepted: response.status });
  return readRefusalOrUnclear(call, errors, response);
}

/** A 201 proves that the post was made. A 200 does too, unless its body carries an error. */
export function isAccepted({ status, json }: Pick<HttpResponse, 'status' | 'json'>): boolean {
  if (!isSuccess({ status })) return false;
  const isError = typeof json === 'object' && json !== null && ('error' in json || 'errors' in json);
  return status === CREATED || !isError;
}

/** Runs before the public call: the answer to an earlier call says nothing about this one. */
export async function forgetAccepted(call: PublishCall): Promise<void> {
  if (typeof call.evidence['accepted'] === 'number') await call.remember({ accepted: null });
}

/**
 * Corrects the result of a look-up when the public call was answered with a 2xx: such a post is out. Exception: a proved "absent"
 * after a 2xx other than 201 is believed, since a proxy may have sent that 2xx.
 */
export function believeAccepted(call: PublishCall, looked: LookUpOutcome): LookUpOutcome {
  const { accepted } = call.evidence;
  if (typeof accepted !== 'number') return looked;
  const isLost =
    looked.outcome === 'uncertain' ||
    (looked.outcome === 'absent' && (accepted === CREATED || looked.unproved !== undefined));
  return isLost ? { outcome: 'published', receipt: WITHOUT_LINK } : looked;
}
