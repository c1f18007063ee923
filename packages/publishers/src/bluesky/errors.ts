import { decode, type ErrorMapper } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { DraftMedia } from '../draft.ts';
import type { Failed } from '../publisher.ts';
import { failed, unknownRefusal } from '../refusals.ts';
import { expired, readNamed, throttled } from './refusals.ts';
import { XrpcError } from './xrpc-error.ts';

export const errors: ErrorMapper = {
  name: 'Bluesky',
  readRefusal(response, now) {
    // A 429 means the same from a proxy as from the platform.
    if (response.status === 429) return throttled(response, now);
    const error = decode(XrpcError, response);
    const refusal = error ? readNamed(error, response, now) : null;
    if (response.status === 401)
      return refusal && refusal.failure.kind !== 'rejected_content' ? refusal : expired();
    if (refusal || !error || isAboutRecord(response)) return refusal;
    return unknownRefusal(errors.name);
  },
};

/** The error says whether a record exists under the key. `lookUp` decides what that means. */
function isAboutRecord(response: HttpResponse): boolean {
  return (
    response.status === 409 ||
    ['InvalidSwap', 'RecordNotFound', 'DuplicateCreate'].includes(nameOf(response) ?? '') ||
    /^record was at /i.test(decode(XrpcError, response)?.message ?? '') ||
    isBlobLost(response)
  );
}

/** The upload expired or belongs to another account. Nothing was created, and a new upload helps. */
export function isBlobLost(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const error = decode(XrpcError, response);
  return (
    error?.error === 'BlobNotFound' ||
    /could not find blob|blob (was )?not found|blob does not exist/i.test(error?.message ?? '')
  );
}

/**
 * Each server has its own limit for files, and no call tells it: usually 50 MiB at Bluesky, 5 MiB elsewhere. A 413 of a proxy
 * means the same.
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

/** The server says that no record exists under this key. Only this error name proves it: a malformed request is a 400 too. */
export function isRecordAbsent(response: HttpResponse): boolean {
  return response.status === 400 && nameOf(response) === 'RecordNotFound';
}

function nameOf(response: HttpResponse): string | undefined {
  return decode(XrpcError, response)?.error;
}
