import { inFuture, waitUntil, type ErrorMapper } from '../answer.ts';
import { told } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { failed, unknownRefusal, type Refusal } from '../refusals.ts';
import { problemOf } from './problem.ts';
import { expired, fileRefused, outOfCredit, readProblem, throttled } from './refusals.ts';

/** The longer it goes on, the more rarely it is asked for. */
const MEDIA_PENDING_PAUSE_MS = { shortest: 10_000, longest: 10 * 60_000 };

export const errors: ErrorMapper = {
  name: 'X',
  readRefusal(response, now) {
    const problem = problemOf(response);
    const explained = problem ? readProblem(problem, response, now) : null;
    // These three mean the same whoever words them: nothing got past the door.
    if (response.status === 401) return aboutAccess(explained) ?? expired();
    if (response.status === 402) return outOfCredit(now);
    // Of all that is sent to X, only files are large; a proxy before it has a limit as well.
    if (response.status === 413) return fileRefused();
    if (response.status === 429)
      return explained?.outcome === 'wait_until' ? explained : throttled(response, now);

    if (!problem || isDuplicate(response) || isConflict(response)) return null;
    return explained ?? unknownRefusal(errors.name);
  },
};

/** A 401 is about whoever asks, and never about the post. */
function aboutAccess(explained: Refusal | null): Refusal | null {
  return explained?.failure.kind === 'rejected_content' ? null : explained;
}

/** What is in the way may be our own post. */
function isConflict({ status }: HttpResponse): boolean {
  return status === 409;
}

/**
 * "You are not allowed to create a Tweet with duplicate content." It says that such a post exists, not which, nor
 * whether it is ours: never a refusal, always a question.
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

/** The upload expired, or was never this account's. Nothing was created, and a new upload mends it. */
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

/** It is being worked on. X names no code for it; nothing was created. */
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

/** The same where nothing was to be posted yet. No words for it are documented, so any refusal of X's own is taken for it. */
export function isUploadUnknown(response: HttpResponse): boolean {
  return (response.status === 400 || response.status === 404) && problemOf(response) !== undefined;
}

/** Between two pieces, or while X processes them. */
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
