import { decode, inFuture, waitUntil, type ErrorMapper } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { failed, type Refusal } from '../refusals.ts';
import { ErrorBody, expired, readSentence, throttled } from './refusals.ts';

/** A video can take minutes: the pause between checks grows with the time. */
const PROCESSING_PAUSE_MS = { shortest: 5_000, longest: 60_000 };

export const errors: ErrorMapper = {
  name: 'Mastodon',
  readRefusal(response, now) {
    const sentence = decode(ErrorBody, response)?.error;
    const explained = sentence === undefined ? null : readSentence(response.status, sentence);
    // These statuses mean the same from the server and from a proxy: nothing was created.
    if (response.status === 401) return explained ?? expired();
    if (response.status === 413) return failed('rejected_content', 'user', fileTooLargeReason);
    if (response.status === 429) return throttled(response, now);
    if (isNotProcessed(response)) return stillProcessing(now);
    return explained;
  },
};

/** For `identity`, which sends only a token: a 422 means that the token is not valid. snac answers so. */
export const identityDialect: ErrorMapper = {
  ...errors,
  readRefusal(response, now) {
    const isRefused =
      response.status === 422 && errors.readRefusal(response, now)?.failure.kind !== 'rejected_account';
    return isRefused ? expired() : errors.readRefusal(response, now);
  },
};

/** The status or a file was not valid. Nothing was created. GoToSocial, Misskey and its forks answer 400 instead of 422. */
export function isInvalid(response: HttpResponse): boolean {
  return (response.status === 422 || response.status === 400) && isExplained(response);
}

/**
 * "Cannot attach files that have not finished processing. Try again in a moment!" The sentence is in the account's language, so
 * a match is certain, but no match proves nothing.
 */
export function isNotProcessed(response: HttpResponse): boolean {
  const sentence = decode(ErrorBody, response)?.error ?? '';
  return (
    isInvalid(response) &&
    /finished processing|still (being )?process|not (yet )?(ready|processed)/i.test(sentence)
  );
}

/** True if the sentence of a 422 is clearly not about the files. */
export function isAboutText(response: HttpResponse): boolean {
  const sentence = decode(ErrorBody, response)?.error ?? '';
  return /validation failed|character|\btext\b|\bpoll\b|\blanguage\b|blank|too (long|many)|\b4 files\b/i.test(
    sentence,
  );
}

/** True if the body has Mastodon's error form: the API refused, not a proxy. */
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

/** The server no longer has the file, or could not process it. It is uploaded again, which uses an attempt. */
export function uploadAgain(detail: string): Refusal {
  const reason =
    'The Mastodon server could not use the uploaded file. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

export function fileRejected(detail: string): Refusal {
  const refusal = failed('rejected_content', 'user', fileReason);
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

const fileReason = 'The Mastodon server cannot process this file. Create a new post with another one.';
const fileTooLargeReason =
  'The file is too large for this Mastodon server. Create a new post with a smaller one.';
