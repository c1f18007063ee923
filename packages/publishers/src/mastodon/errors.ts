import { Type } from 'typebox';
import { decode, inFuture, waitUntil, type Dialect, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { Actor, FailureKind } from '../publisher.ts';
import { pauseUntil } from '../told-time.ts';

/** A video may be worked on for minutes: the longer it takes, the more rarely it is asked for. */
const PROCESSING_PAUSE_MS = { shortest: 5_000, longest: 60_000 };

const ErrorBody = Type.Object({ error: Type.String({ minLength: 1 }) });

/** The sentence under `error` may be in any language: only the status is relied on, and that it is Mastodon's form. */
export const dialect: Dialect = {
  name: 'Mastodon',
  readRefusal(response, now) {
    // These three mean the same whoever words them: nothing got past the door.
    if (response.status === 401) return failed('auth_expired', 'user', expiredReason);
    if (response.status === 413) return failed('rejected_content', 'user', fileTooLargeReason);
    if (response.status === 429) return throttled(response, now);

    const sentence = decode(ErrorBody, response)?.error;
    if (sentence === undefined) return null;
    if (response.status === 422) return failed('rejected_content', 'user', contentReason);
    if (response.status !== 403) return null;
    if (/scope/i.test(sentence)) return failed('auth_expired', 'user', scopeReason);
    return failed('rejected_account', 'user', accountReason);
  },
};

/** For the one call that sends nothing but the token: what is not valid (422) is that. So says snac. */
export const identityDialect: Dialect = {
  ...dialect,
  readRefusal(response, now) {
    if (response.status === 422) return failed('auth_expired', 'user', expiredReason);
    return dialect.readRefusal(response, now);
  },
};

/** Something about the status or its files was not valid. Nothing was created. */
export function isInvalid(response: HttpResponse): boolean {
  return response.status === 422 && isExplained(response);
}

/** In Mastodon's form: the API itself has refused, not what stands before it. */
export function isExplained(response: HttpResponse): boolean {
  return decode(ErrorBody, response) !== undefined;
}

export function stillProcessing(now: Date, since = now): Refusal {
  const { shortest, longest } = PROCESSING_PAUSE_MS;
  const pauseMs = Math.min(longest, Math.max(shortest, (now.getTime() - since.getTime()) / 4));
  return waitUntil(inFuture(now, pauseMs), {
    kind: 'unavailable',
    actor: 'platform',
    reason:
      'The Mastodon server is still processing the file. The post goes out by itself as soon as that is done.',
  });
}

/** A file that the server no longer has, or could not process: it is uploaded anew, which uses an attempt. */
export function uploadAgain(detail: string): Refusal {
  const reason =
    'The Mastodon server could not use the uploaded file. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

export function fileRejected(detail: string): Refusal {
  const refusal = failed('rejected_content', 'user', fileReason);
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

function failed(kind: FailureKind, actor: Actor, reason: string): Refusal {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

function throttled(response: HttpResponse, now: Date): Refusal {
  return waitUntil(pauseUntil(response.headers, now, response.headers.get('x-ratelimit-reset')), {
    kind: 'rate_limited',
    actor: 'platform',
    reason: 'The Mastodon server asks to slow down. The post waits and goes out by itself.',
  });
}

const expiredReason =
  'The Mastodon server no longer accepts this connection. Connect the Mastodon account again.';
const scopeReason =
  'SoloSpark may not post to this Mastodon account. Connect it again and allow posting and uploading, then retry the post.';
const accountReason =
  'The Mastodon server does not let this account post. Sign in there to see why, then retry the post.';
const contentReason =
  'The Mastodon server does not accept this post. It may be too long for this server, or its media may not suit it: change it and post it anew.';
const fileReason = 'The Mastodon server cannot process this file. Create a new post with another one.';
const fileTooLargeReason =
  'The file is too large for this Mastodon server. Create a new post with a smaller one.';
