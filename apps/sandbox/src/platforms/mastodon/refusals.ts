import type { FastifyRequest } from 'fastify';
import type { Answer, Refusals } from '../platform.ts';

/** Mastodon's error format: a sentence in `error`. */
const says = (status: number, error: string): Answer => ({ status, body: { error } });

export const recordNotFound = () => says(404, 'Record not found');
export const notAllowed = () => says(403, 'This action is not allowed');
export const unprocessable = (error: string) => says(422, error);
export const validationFailed = (error: string) => unprocessable(`Validation failed: ${error}`);
export const fileInvalid = () => validationFailed('File content type is invalid, File is invalid');
export const tooManyRequests = () => says(429, 'Too many requests');

export const outsideScopes = () => says(403, 'This action is outside the authorized scopes');
export const revokedToken = () => says(401, 'The access token was revoked');

/** The OAuth endpoints answer a code in `error`, and a sentence in `error_description`. */
const oauthError = (status: number, error: string, error_description: string): Answer => ({
  status,
  body: { error, error_description },
});
export const invalidRequest = (description: string) => oauthError(400, 'invalid_request', description);
/** One message for every problem with a code. */
export const invalidGrant = () =>
  oauthError(
    400,
    'invalid_grant',
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  );
export const unsupportedGrantType = () =>
  oauthError(
    400,
    'unsupported_grant_type',
    'The authorization grant type is not supported by the authorization server.',
  );
export const invalidClient = () =>
  oauthError(
    401,
    'invalid_client',
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
  );
export const mayNotRevoke = () =>
  oauthError(403, 'unauthorized_client', 'You are not authorized to revoke this token');

export const refusals: Refusals = {
  unauthorized: () => says(401, 'The access token is invalid'),
  // Tokens do not expire on Mastodon; they are only revoked.
  expiredToken: revokedToken,
  rateLimited: ({ retryAfterSeconds, now }) => ({
    ...tooManyRequests(),
    headers: rateHeaders({ limit: 300, remaining: 0, resetsAt: now + retryAfterSeconds * 1000 }),
  }),
  rejected: (step, request) => {
    if (step === 'publish')
      return validationFailed('Text contains something that this server does not allow');
    if (step === 'token') {
      return isRegistration(request)
        ? validationFailed('Redirect URI must be an absolute URI.')
        : invalidGrant();
    }
    return step === 'upload' ? fileInvalid() : notAllowed();
  },
  serverError: (status) => {
    const sentence = status === 503 ? 'Remote data could not be fetched' : 'An unexpected error occurred';
    return says(status, sentence);
  },
  malformed: (status, message) => says(status, message),
  noSuchPath: () => recordNotFound(),
};

const isRegistration = (request: FastifyRequest) => request.url.endsWith('/api/v1/apps');

/** The reset is an ISO date with microseconds, not epoch seconds. There is no `Retry-After`. */
export function rateHeaders(rate: { limit: number; remaining: number; resetsAt: number }) {
  return {
    'x-ratelimit-limit': String(rate.limit),
    'x-ratelimit-remaining': String(Math.max(0, rate.remaining)),
    'x-ratelimit-reset': new Date(rate.resetsAt).toISOString().replace('Z', '000Z'),
  };
}
