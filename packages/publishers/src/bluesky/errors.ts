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
    // This means the same whoever words it.
    if (response.status === 429) return throttled(response, now);
    const error = decode(XrpcError, response);
    const refusal = error ? readNamed(error, response, now) : null;
    if (response.status === 401)
      return refusal && refusal.failure.kind !== 'rejected_content' ? refusal : expired();
    if (refusal || !error || isAboutRecord(response)) return refusal;
    return unknownRefusal(errors.name);
  },
};

/** What stands, or does not stand, under the key: a question for `lookUp`, or its answer. */
function isAboutRecord(response: HttpResponse): boolean {
  return (
    response.status === 409 ||
    ['InvalidSwap', 'RecordNotFound', 'DuplicateCreate'].includes(nameOf(response) ?? '') ||
    /^record was at /i.test(decode(XrpcError, response)?.message ?? '') ||
    isBlobLost(response)
  );
}

/** The upload was not used in time, or was never this account's. Nothing was created, and a new upload mends it. */
export function isBlobLost(response: HttpResponse): boolean {
  if (response.status !== 400) return false;
  const error = decode(XrpcError, response);
  return (
    error?.error === 'BlobNotFound' ||
    /could not find blob|blob (was )?not found|blob does not exist/i.test(error?.message ?? '')
  );
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
