import { Type, type Static } from 'typebox';
import { decode, inFuture, waitUntil, type Dialect, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { Actor, FailureKind } from '../publisher.ts';
import { pauseUntil } from '../told-time.ts';

const UPLOAD_PENDING_PAUSE_MS = 2 * 60_000;

/** The older shape has `message`, `serviceErrorCode`, `status`; the newer adds `code` and `errorDetails`. */
const ErrorBody = Type.Object({
  message: Type.Optional(Type.String()),
  status: Type.Optional(Type.Number()),
  code: Type.Optional(Type.String()),
  errorDetails: Type.Optional(
    Type.Object({
      inputErrors: Type.Optional(Type.Array(Type.Object({ code: Type.Optional(Type.String()) }))),
    }),
  ),
});

export const dialect: Dialect = {
  name: 'LinkedIn',
  readRefusal(response, now) {
    // These three mean the same whoever words them: nothing got past the door.
    if (response.status === 401) return failed('auth_expired', 'user', expiredReason);
    if (response.status === 426) return failed('misconfigured', 'operator', versionReason);
    if (response.status === 429) return throttled(response, now);

    const body = bodyOf(response);
    if (!body) return null;
    switch (response.status) {
      case 400:
        return readInvalid(response, now);
      case 403:
        return failed('rejected_account', 'user', deniedReason);
      case 404:
        return failed('unknown', 'operator', notFoundReason);
      case 422:
        return isDuplicate(response) ? null : failed('rejected_content', 'user', contentReason);
      default:
        return null;
    }
  },
};

/** A file is not usable, and will not become so: it is uploaded again. Nothing was created. */
export function isUploadLost(response: HttpResponse): boolean {
  return response.status === 400 && says(response, /MEDIA_ASSET_PROCESSING_FAILED|EXPIRED_UPLOAD_URL/);
}

/** A file is still being processed. Nothing was created. */
export function isUploadPending(response: HttpResponse): boolean {
  return response.status === 400 && says(response, /MEDIA_ASSET_WAITING_UPLOAD/);
}

export function uploadAgain(detail: string): Refusal {
  const reason =
    'LinkedIn could not use an uploaded file. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

/** 422 "Content is a duplicate of urn:li:share:…": there was such a post within about ten minutes; whose is not said. */
export function isDuplicate(response: HttpResponse): boolean {
  return response.status === 422 && says(response, /DUPLICATE_POST|is a duplicate of/i);
}

/** The post that the duplicate refusal names. */
export function duplicateUrnOf(response: HttpResponse): string | null {
  const named = /duplicate of (urn:li:(?:share|ugcPost|activity):\d+)/.exec(bodyOf(response)?.message ?? '');
  return named?.[1] ?? null;
}

function readInvalid(response: HttpResponse, now: Date): Refusal {
  if (isUploadLost(response)) return uploadAgain('an uploaded file is not usable');
  if (isUploadPending(response)) {
    const reason =
      'LinkedIn is still processing a file. The post goes out by itself as soon as that is done.';
    return waitUntil(inFuture(now, UPLOAD_PENDING_PAUSE_MS), {
      kind: 'unavailable',
      actor: 'platform',
      reason,
    });
  }
  if (says(response, /VERSION/)) return failed('misconfigured', 'operator', versionReason);
  return failed('rejected_content', 'user', contentReason);
}

function says(response: HttpResponse, pattern: RegExp): boolean {
  const body = bodyOf(response);
  const inputErrors = body?.errorDetails?.inputErrors ?? [];
  return [body?.code, body?.message, ...inputErrors.map((error) => error.code)].some(
    (word) => word !== undefined && pattern.test(word),
  );
}

/** LinkedIn's own words, or undefined: JSON without any of its fields is somebody else's. */
function bodyOf(response: HttpResponse): Static<typeof ErrorBody> | undefined {
  const body = decode(ErrorBody, response);
  return body && (body.message ?? body.code) !== undefined ? body : undefined;
}

/** LinkedIn documents no header that tells when a limit ends. */
function throttled({ headers }: HttpResponse, now: Date): Refusal {
  return waitUntil(pauseUntil(headers, now), {
    kind: 'rate_limited',
    actor: 'platform',
    reason: 'LinkedIn asks to slow down. The post waits and goes out by itself.',
  });
}

function failed(kind: FailureKind, actor: Actor, reason: string): Refusal {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

const expiredReason =
  'LinkedIn no longer accepts this connection; it ends every 60 days. Connect the LinkedIn account again.';
const deniedReason =
  'SoloSpark may not post to this LinkedIn account. Connect it again and allow posting, then retry the post.';
const contentReason = 'LinkedIn does not accept this post. Change its text or files and post it anew.';
const notFoundReason =
  'LinkedIn did not find something that this post needs. Connect the account again, then retry the post.';
const versionReason =
  'LinkedIn no longer accepts this version of SoloSpark. Whoever runs SoloSpark has to update it, or to set LINKEDIN_API_VERSION; then retry the post.';
