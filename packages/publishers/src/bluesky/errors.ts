import { Type } from 'typebox';
import { decode, waitUntil, type Dialect, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { Actor, DraftMedia, Failed, FailureKind } from '../publisher.ts';
import { pauseUntil } from '../told-time.ts';

/** XRPC: every error has a name. The status alone says little: an expired token is a 400. */
const XrpcError = Type.Object({ error: Type.String({ minLength: 1 }) });

/** Names by which nothing got past the door, or past the check of the record. */
const refusals = new Map<string, () => Refusal>([
  ...each(['ExpiredToken', 'InvalidToken'], () => failed('auth_expired', 'user', expiredReason)),
  ...each(['AccountTakedown', 'AccountSuspended', 'AccountDeactivated'], () =>
    failed('rejected_account', 'user', accountReason),
  ),
  ...each(['InvalidRequest'], () => failed('rejected_content', 'user', contentReason)),
  ...each(['PayloadTooLarge', 'BlobTooLarge', 'InvalidMimeType'], () =>
    failed('rejected_content', 'user', fileReason),
  ),
]);

export const dialect: Dialect = {
  name: 'Bluesky',
  readRefusal(response, now) {
    // This means the same whoever words it.
    if (response.status === 429) return throttled(response, now);
    const refusal = refusals.get(nameOf(response) ?? '')?.();
    if (refusal) return refusal;
    return response.status === 401 ? failed('auth_expired', 'user', expiredReason) : null;
  },
};

/** The upload was not used in time, or was never this account's. Nothing was created, and a new upload mends it. */
export function isBlobLost(response: HttpResponse): boolean {
  return response.status === 400 && nameOf(response) === 'BlobNotFound';
}

/**
 * A server takes files up to a size of its own, and tells it to nobody: 50 MiB are usual at Bluesky, 5 MiB elsewhere. This
 * means the same whoever words it: a proxy before the server has its limit as well.
 */
export function isTooLarge(response: HttpResponse): boolean {
  return response.status === 413;
}

export function tooLargeForServer({ kind, byteSize }: DraftMedia): Failed {
  const megabytes = (byteSize / 1_000_000).toFixed(1);
  return failed(
    'rejected_content',
    'user',
    `The Bluesky server of this account takes no files of ${megabytes} MB. Post it anew with a smaller ${kind}, or ask whoever runs that server to allow more.`,
  );
}

/** The server's own word that nothing stands under this key. It must be this word: a wrong question is a 400 as well. */
export function isRecordAbsent(response: HttpResponse): boolean {
  return response.status === 400 && nameOf(response) === 'RecordNotFound';
}

function nameOf(response: HttpResponse): string | undefined {
  return decode(XrpcError, response)?.error;
}

function throttled(response: HttpResponse, now: Date): Refusal {
  return waitUntil(pauseUntil(response.headers, now, response.headers.get('ratelimit-reset')), {
    kind: 'rate_limited',
    actor: 'platform',
    reason: 'Bluesky asks to slow down. The post waits and goes out by itself.',
  });
}

function failed(kind: FailureKind, actor: Actor, reason: string): Failed {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

function each(names: string[], meaning: () => Refusal): [string, () => Refusal][] {
  return names.map((name) => [name, meaning]);
}

const expiredReason =
  'Bluesky no longer accepts this connection. Connect the Bluesky account again, then retry the post.';
const accountReason =
  'Bluesky has taken down or deactivated this account. Open Bluesky to see why, then retry the post.';
const contentReason =
  'Bluesky did not accept this post. Change its text, its files or its settings and post it anew.';
const fileReason =
  'Bluesky did not accept a file of this post: it is too large, or of another type. Post it anew with a smaller JPEG, PNG or MP4.';
