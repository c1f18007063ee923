import type { FastifyRequest } from 'fastify';
import type { Answer, Refusals } from '../platform.ts';

/** XRPC's error format. */
export function xrpcError(status: number, error: string, message: string): Answer {
  return { status, body: { error, message } };
}

export const invalidRequest = (message: string) => xrpcError(400, 'InvalidRequest', message);
export const invalidSwap = (cid: string | undefined) =>
  xrpcError(400, 'InvalidSwap', `Record was at ${cid ?? 'null'}`);
export const blobNotFound = (cid: string) => xrpcError(400, 'BlobNotFound', `Could not find blob: ${cid}`);
export const recordNotFound = (uri: string) =>
  xrpcError(400, 'RecordNotFound', `Could not locate record: ${uri}`);
/** Bluesky answers an expired token with 400, not 401. */
export const expiredToken = (message: string) => xrpcError(400, 'ExpiredToken', message);
export const invalidToken = (message: string) => xrpcError(400, 'InvalidToken', message);
export const authenticationRequired = (message: string) => xrpcError(401, 'AuthenticationRequired', message);
export const payloadTooLarge = () => xrpcError(413, 'PayloadTooLarge', 'request entity too large');
export const internalError = () => xrpcError(500, 'InternalServerError', 'Internal Server Error');

/** `ratelimit-policy` is the number of points and the length of the window in seconds. There is no `Retry-After`. */
export function rateHeaders(rate: { points: number; windowSeconds: number; left: number; resetsAt: number }) {
  return {
    'ratelimit-limit': String(rate.points),
    'ratelimit-remaining': String(Math.max(0, rate.left)),
    'ratelimit-reset': String(Math.ceil(rate.resetsAt / 1000)),
    'ratelimit-policy': `${rate.points};w=${rate.windowSeconds}`,
  };
}

export const rateLimitExceeded = () => xrpcError(429, 'RateLimitExceeded', 'Rate Limit Exceeded');

export const isSignIn = (request: FastifyRequest) =>
  request.routeOptions.url?.endsWith('/com.atproto.server.createSession') ?? false;

export const refusals: Refusals = {
  unauthorized: (request) => {
    if (isSignIn(request)) return authenticationRequired('Invalid identifier or password');
    if (request.headers.authorization === undefined)
      return xrpcError(401, 'AuthMissing', 'Authentication Required');
    return invalidToken('Token could not be verified');
  },
  expiredToken: () => expiredToken('Token has expired'),
  rateLimited: ({ retryAfterSeconds, now }) => ({
    ...rateLimitExceeded(),
    headers: rateHeaders({
      points: 5000,
      windowSeconds: 3600,
      left: 0,
      resetsAt: now + retryAfterSeconds * 1000,
    }),
  }),
  rejected: () => invalidRequest('Invalid app.bsky.feed.post record: The record was refused'),
  serverError: (status) => {
    const names: Record<number, [string, string]> = {
      502: ['UpstreamFailure', 'Upstream Failure'],
      503: ['NotEnoughResources', 'Not Enough Resources'],
      504: ['UpstreamTimeout', 'Upstream Timeout'],
    };
    const [error, message] = names[status] ?? ['InternalServerError', 'Internal Server Error'];
    return xrpcError(status, error, message);
  },
  malformed: (status, message) => (status === 413 ? payloadTooLarge() : invalidRequest(message)),
  noSuchPath: () => xrpcError(501, 'MethodNotImplemented', 'Method Not Implemented'),
};
