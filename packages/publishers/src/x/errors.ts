import { inFuture, waitUntil, type ErrorMapper } from '../answer.ts';
import { told } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { failed, unknownRefusal, type Refusal } from '../refusals.ts';
import { problemOf } from './problem.ts';
import { expired, fileRefused, outOfCredit, readProblem, throttled } from './refusals.ts';

/** The pause grows with the time that X has been processing. */
const MEDIA_PENDING_PAUSE_MS = { shortest: 10_000, longest: 10 * 60_000 };

export const errors: ErrorMapper = {
  name: 'X',
  readRefusal(response, now) {
    const problem = problemOf(response);
    const explained = problem ? readProblem(problem, response, now) : null;
    // These statuses mean the same from X and from a proxy: nothing was created.
    if (response.status === 401) return aboutAccess(explained) ?? expired();
    if (response.status === 402) return outOfCredit(now);
    // Only files are large enough for a 413, from X or from a proxy.
    if (response.status === 413) return fileRefused();
    if (response.status === 429)
      return explained?.outcome === 'wait_until' ? explained : throttled(response, now);

    if (!problem || isDuplicate(response) || isConflict(response)) return null;
    return explained ?? unknownRefusal(errors.name);
  },
};

/** A 401 is about the account or the app, never about the post. */
function aboutAccess(explained: Refusal | null): Refusal | null {
  return explained?.failure.kind === 'rejected_content' ? null : explained;
}

/** The conflict may be with our own post. */
function isConflict({ status }: HttpResponse): boolean {
  return status === 409;
}

/**
 * "You are not allowed to create a Tweet with duplicate content." X does not say which post it means, or whether it is ours. So
 * this is never a refusal; the look-up decides.
 */
export function isDuplicate(response: HttpResponse): boolean {
  if (![400, 403, 409, 422].includes(response.status)) return false;
  const problem = problemOf(response);
  return (
    problem !== undefined &&
    (problem.codes.includes(187) ||
      /duplicate-rules/.test(problem.type) ||
      problem.words.some((words) =>
        /\bduplicat|\balready (been )?(said|sent|posted|tweeted|published)/i.test(words),
      ))
  );
}

/** The upload expired or belongs to another account. Nothing was created, and a new upload helps. */
export function isMediaInvalid(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const problem = problemOf(response);
  if (!problem) return false;
  return (
    problem.codes.includes(325) ||
    problem.words.some((words) =>
      /\bmedia([ _]ids?)?\b.{0,40}\b((is|are) invalid|not found|expired)|invalid media[ _]ids?/i.test(words),
    )
  );
}

/** X is still processing the file. It has no code for this. Nothing was created. */
export function isMediaPending(response: HttpResponse): boolean {
  if (response.status !== 400 && response.status !== 403) return false;
  return (problemOf(response)?.words ?? []).some(
    (words) =>
      /\b(media|video|gif|image)\b/i.test(words) &&
      /still (being )?process|not (yet )?(ready|finished|complete|finali[sz]ed|processed)|in.?progress|\bpending\b/i.test(
        words,
      ),
  );
}

export async function mediaPending(call: PublishCall, response: HttpResponse): Promise<Refusal> {
  const { mediaPendingSince } = call.evidence;
  const since = typeof mediaPendingSince === 'string' ? mediaPendingSince : call.now().toISOString();
  if (since !== mediaPendingSince) await call.remember({ mediaPendingSince: since });
  const { shortest, longest } = MEDIA_PENDING_PAUSE_MS;
  const pauseMs = Math.min(longest, Math.max(shortest, (call.now().getTime() - Date.parse(since)) / 4));
  const refusal = stillUploading(inFuture(call.now(), pauseMs));
  return { ...refusal, failure: { ...refusal.failure, ...told(call, response) } };
}

/** X no longer has an upload in progress. Its words are not documented, so any 400 or 404 of X's own counts. */
export function isUploadUnknown(response: HttpResponse): boolean {
  return (response.status === 400 || response.status === 404) && problemOf(response) !== undefined;
}

/** The upload was interrupted between two pieces, or X is processing them. */
export function stillUploading(until: Date): Refusal {
  return waitUntil(until, {
    kind: 'unavailable',
    actor: 'platform',
    reason: 'X is not done with the uploaded file yet. The post goes out by itself as soon as that is so.',
  });
}

export function mediaRejected(detail: string): Refusal {
  const refusal = failed('rejected_content', 'user', mediaReason);
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

export function uploadAgain(detail: string): Refusal {
  const reason = 'X could not use an uploaded file. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

const mediaReason =
  'X cannot process this video or GIF. Save it anew, as an MP4 with H.264 and AAC or as a smaller GIF, duplicate the post and publish the copy with that.';
