import { decode, inFuture, waitUntil, type ErrorMapper } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { failed, type Refusal } from '../refusals.ts';
import { ErrorBody, expired, readSentence, throttled } from './refusals.ts';

/** A video may be worked on for minutes: the longer it takes, the more rarely it is asked for. */
const PROCESSING_PAUSE_MS = { shortest: 5_000, longest: 60_000 };

export const errors: ErrorMapper = {
  name: 'Mastodon',
  readRefusal(response, now) {
    const sentence = decode(ErrorBody, response)?.error;
    const explained = sentence === undefined ? null : readSentence(response.status, sentence);
    // These three mean the same whoever words them: nothing got past the door.
    if (response.status === 401) return explained ?? expired();
    if (response.status === 413) return failed('rejected_content', 'user', fileTooLargeReason);
    if (response.status === 429) return throttled(response, now);
    if (isNotProcessed(response)) return stillProcessing(now);
    return explained;
  },
};

/** For the one call that sends nothing but the token: what is not valid (422) is that. So says snac. */
export const identityDialect: ErrorMapper = {
  ...errors,
  readRefusal(response, now) {
    const isRefused =
      response.status === 422 && errors.readRefusal(response, now)?.failure.kind !== 'rejected_account';
    return isRefused ? expired() : errors.readRefusal(response, now);
  },
};

/** Something about the status or its files was not valid. Nothing was created. GoToSocial and Misskey's family say 400. */
export function isInvalid(response: HttpResponse): boolean {
  return (response.status === 422 || response.status === 400) && isExplained(response);
}

/**
 * "Cannot attach files that have not finished processing. Try again in a moment!" In the language of the account, so another
 * sentence may mean the same.
 */
export function isNotProcessed(response: HttpResponse): boolean {
  const sentence = decode(ErrorBody, response)?.error ?? '';
  return (
    isInvalid(response) &&
    /finished processing|still (being )?process|not (yet )?(ready|processed)/i.test(sentence)
  );
}

/** Of a 422: its sentence is about something else than the files, in so many words. */
export function isAboutText(response: HttpResponse): boolean {
  const sentence = decode(ErrorBody, response)?.error ?? '';
  return /validation failed|character|\btext\b|\bpoll\b|\blanguage\b|blank|too (long|many)|\b4 files\b/i.test(
    sentence,
  );
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

const fileReason = 'The Mastodon server cannot process this file. Create a new post with another one.';
const fileTooLargeReason =
  'The file is too large for this Mastodon server. Create a new post with a smaller one.';
