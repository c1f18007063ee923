import type { Answer, Refusals } from '../platform.ts';

/** Every error of Mastodon is a sentence under `error`. */
const says = (status: number, error: string): Answer => ({ status, body: { error } });

export const recordNotFound = () => says(404, 'Record not found');
export const notAllowed = () => says(403, 'This action is not allowed');
export const unprocessable = (error: string) => says(422, error);
export const validationFailed = (error: string) => unprocessable(`Validation failed: ${error}`);
export const fileInvalid = () => validationFailed('File content type is invalid, File is invalid');
export const tooManyRequests = () => says(429, 'Too many requests');

export const refusals: Refusals = {
  unauthorized: () => says(401, 'The access token is invalid'),
  // Tokens do not expire here; they are taken back.
  expiredToken: () => says(401, 'The access token was revoked'),
  rateLimited: ({ retryAfterSeconds, now }) => ({
    ...tooManyRequests(),
    headers: rateHeaders({ limit: 300, remaining: 0, resetsAt: now + retryAfterSeconds * 1000 }),
  }),
  rejected: (step) => {
    if (step === 'publish')
      return validationFailed('Text contains something that this server does not allow');
    return step === 'upload' ? fileInvalid() : notAllowed();
  },
  serverError: (status) => {
    const sentence = status === 503 ? 'Remote data could not be fetched' : 'An unexpected error occurred';
    return says(status, sentence);
  },
  malformed: (status, message) => says(status, message),
  noSuchPath: () => recordNotFound(),
};

/** The reset is a date with microseconds, never epoch seconds, and there is no `Retry-After`. */
export function rateHeaders(rate: { limit: number; remaining: number; resetsAt: number }) {
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(Math.max(0, rate.remaining)),
    'x-ratelimit-reset': new Date(rate.resetsAt).toISOString().replace('Z', '000Z'),
  };
}
