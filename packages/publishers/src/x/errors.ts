import { Type } from 'typebox';
import { decode, inFuture, waitUntil, type Dialect, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { Actor, FailureKind } from '../publisher.ts';
import { pauseUntil } from '../told-time.ts';

const PAUSE_WITHOUT_CREDIT_MS = 15 * 60_000;

/** `application/problem+json` of X. A fake of a proxy, or its HTML, does not decode. */
const Problem = Type.Object({
  title: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  type: Type.Optional(Type.String()),
  errors: Type.Optional(
    Type.Array(Type.Object({ message: Type.Optional(Type.String()), code: Type.Optional(Type.Number()) })),
  ),
});

export const dialect: Dialect = {
  name: 'X',
  readRefusal(response, now) {
    // These three mean the same whoever words them: nothing got past the door.
    if (response.status === 401) return expired();
    if (response.status === 402) return outOfCredit(now);
    if (response.status === 429) return throttled(response, now);

    const problem = problemOf(response);
    if (!problem) return null;
    if (response.status === 400) return failed('rejected_content', 'user', invalidReason);
    if (response.status !== 403 || isDuplicate(response)) return null;
    if (/usage-capped/.test(problem.type ?? '')) return outOfCredit(now);
    if (/client-forbidden|unsupported-authentication/.test(problem.type ?? '')) {
      return failed('misconfigured', 'operator', misconfiguredReason);
    }
    if (/suspend|locked/i.test(problem.detail ?? ''))
      return failed('rejected_account', 'user', accountReason);
    return failed('rejected_content', 'user', forbiddenReason);
  },
};

/**
 * "You are not allowed to create a Tweet with duplicate content." It says that such a post exists, not which, nor
 * whether it is ours: never a refusal, always a question.
 */
export function isDuplicate(response: HttpResponse): boolean {
  if (response.status !== 403) return false;
  const problem = problemOf(response);
  return (
    /duplicate content/i.test(problem?.detail ?? '') ||
    (problem?.errors ?? []).some((error) => error.code === 187 || /duplicate/i.test(error.message ?? ''))
  );
}

/** The upload expired, or was never this account's. Nothing was created, and a new upload mends it. */
export function isMediaInvalid(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  return (problemOf(response)?.errors ?? []).some((error) =>
    /media ids? (is|are) invalid/i.test(error.message ?? ''),
  );
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

function problemOf(response: HttpResponse) {
  const problem = decode(Problem, response);
  return problem && (problem.title ?? problem.detail ?? problem.errors) !== undefined ? problem : undefined;
}

function failed(kind: FailureKind, actor: Actor, reason: string): Refusal {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

function expired(): Refusal {
  return failed('auth_expired', 'user', 'X no longer accepts this connection. Connect the X account again.');
}

/** Credit is bought by the operator for all authors at once: their posts wait for it, they do not fail one by one. */
function outOfCredit(now: Date): Refusal {
  return waitUntil(inFuture(now, PAUSE_WITHOUT_CREDIT_MS), {
    kind: 'quota_exhausted',
    actor: 'operator',
    reason:
      'The X credit of this SoloSpark is used up. The post waits and goes out by itself once whoever runs SoloSpark has added credit.',
  });
}

function throttled(response: HttpResponse, now: Date): Refusal {
  return waitUntil(pauseUntil(response.headers, now, ...resetsOf(response.headers)), {
    kind: 'rate_limited',
    actor: 'platform',
    reason: 'X asks to slow down. The post waits and goes out by itself.',
  });
}

/** Of the windows that are used up: 15 minutes, or one of the two 24-hour ones. Epoch seconds. */
function resetsOf(headers: Headers): (string | null)[] {
  return ['x-rate-limit', 'x-app-limit-24hour', 'x-user-limit-24hour']
    .filter((window) => window === 'x-rate-limit' || headers.get(`${window}-remaining`) === '0')
    .map((window) => headers.get(`${window}-reset`));
}

const invalidReason = 'X did not accept this post. Change its text or media and post it anew.';
const mediaReason =
  'X cannot process this video or GIF. Save it anew, as an MP4 with H.264 and AAC or as a smaller GIF, and create a new post with that.';
const forbiddenReason =
  'X does not permit this post. It may be too long for this account or break a rule of X: change it and post it anew.';
const accountReason = 'X has suspended or locked this account. Sign in to X to see why, then retry the post.';
const misconfiguredReason =
  "X does not accept SoloSpark's app. Whoever runs SoloSpark has to check its settings at X; then retry the post.";
