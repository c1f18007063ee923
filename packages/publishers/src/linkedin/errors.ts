import type { ErrorMapper } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { type Refusal, unknownRefusal } from '../refusals.ts';
import { bodyOf, saysOf } from './error-body.ts';
import {
  expired,
  fileRefused,
  oldVersion,
  readBody,
  throttled,
  UPLOAD_LOST,
  UPLOAD_PENDING,
  uploadLost,
} from './refusals.ts';

export const errors: ErrorMapper = {
  name: 'LinkedIn',
  readRefusal(response, now) {
    const body = bodyOf(response);
    const explained = body ? readBody(body, response, now) : null;
    // These statuses mean the same from LinkedIn and from a proxy: nothing was created.
    if (response.status === 401)
      return explained?.failure.kind === 'rejected_account' ? explained : expired();
    if (response.status === 426) return oldVersion();
    if (response.status === 413) return fileRefused();
    if (response.status === 429) return throttled(response, now);
    if (!body || response.status === 409 || isDuplicate(response)) return null;
    return explained ?? unknownRefusal(errors.name);
  },
};

/** A file can never be used, so it is uploaded again. Nothing was created. */
export function isUploadLost(response: HttpResponse): boolean {
  return [400, 422].includes(response.status) && says(response, UPLOAD_LOST);
}

/** A file is still being processed. Nothing was created. */
export function isUploadPending(response: HttpResponse): boolean {
  return [400, 422].includes(response.status) && says(response, UPLOAD_PENDING);
}

export function uploadAgain(detail: string): Refusal {
  const refusal = uploadLost();
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

const DUPLICATE =
  /DUPLICATE_(POST|CONTENT|SHARE)|\b(post|content|share|ugcPost)\b.{0,60}\bduplicat|\bduplicat\w* (of urn|post|content|share)/i;

/**
 * 422 "Content is a duplicate of urn:li:share:…": LinkedIn got such a post within about ten minutes, and does not say whether it
 * is ours. The Posts API documents only the status, and the words may change, so every refusal as a duplicate may mean our own
 * post.
 */
export function isDuplicate(response: HttpResponse): boolean {
  return [400, 403, 409, 422].includes(response.status) && says(response, DUPLICATE);
}

/** The post that the duplicate refusal names. */
export function duplicateUrnOf(response: HttpResponse): string | null {
  const body = bodyOf(response);
  const said = body ? saysOf(body).filter((words) => DUPLICATE.test(words)) : [];
  return /\burn:li:(?:share|ugcPost|activity):\d+/.exec(said.join(' '))?.[0] ?? null;
}

function says(response: HttpResponse, pattern: RegExp): boolean {
  const body = bodyOf(response);
  return body !== undefined && saysOf(body).some((words) => pattern.test(words));
}
