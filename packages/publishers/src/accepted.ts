import { isSuccess, readRefusalOrUnclear, type Asking, type ErrorMapper, type Refusal } from './answer.ts';
import { NoAnswerError, type HttpRequest, type HttpResponse } from './http.ts';
import type { PublishCall, LookUpOutcome, Receipt, Unclear } from './publisher.ts';

// A 2xx of the public call means that the platform took the post, whatever became of the rest of its answer. So what it is out
// as is looked for, and where that does not show, it is published without a link: it is never sent again, and nobody is told
// to write it anew.

/** Out, and nobody can say as what. */
export const WITHOUT_LINK: Receipt = { remoteId: null, url: null };

/** What platforms answer that have made something, and what a server answers to anything. */
const CREATED = 201;

/**
 * The one public call. Its status may have come, and its body be lost: then that counts.
 * @throws whatever the client throws, where no 2xx came
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

/** Everything but a success that says what was made: a refusal in the platform's own words, or unclear. */
export async function refusedOrUnclear(
  call: PublishCall & Asking,
  errors: ErrorMapper,
  response: HttpResponse,
): Promise<Refusal | Unclear> {
  if (isAccepted(response)) await call.remember({ accepted: response.status });
  return readRefusalOrUnclear(call, errors, response);
}

/** A 200 that carries an error contradicts itself; "Created" is taken at its word. */
export function isAccepted({ status, json }: Pick<HttpResponse, 'status' | 'json'>): boolean {
  if (!isSuccess({ status })) return false;
  const isError = typeof json === 'object' && json !== null && ('error' in json || 'errors' in json);
  return status === CREATED || !isError;
}

/** Before the public call: what an earlier one was answered says nothing of this one. */
export async function forgetAccepted(call: PublishCall): Promise<void> {
  if (typeof call.evidence['accepted'] === 'number') await call.remember({ accepted: null });
}

/**
 * What a look comes to for a post that was taken. "Not there" still counts where the answer was no "Created" and its absence is
 * proved: then something between us and the platform said 200.
 */
export function believeAccepted(call: PublishCall, looked: LookUpOutcome): LookUpOutcome {
  const { accepted } = call.evidence;
  if (typeof accepted !== 'number') return looked;
  const isLost =
    looked.outcome === 'uncertain' ||
    (looked.outcome === 'absent' && (accepted === CREATED || looked.unproved !== undefined));
  return isLost ? { outcome: 'published', receipt: WITHOUT_LINK } : looked;
}
