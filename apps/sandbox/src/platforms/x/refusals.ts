import type { Answer, Refusals } from '../platform.ts';

const problemJson = { 'content-type': 'application/problem+json' };

/** X's problem format: `title`, `detail`, `type`, and `status` where it has no type of its own. */
function problem(
  status: number,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    headers: { ...problemJson, ...headers },
    body: { title, detail, type: 'about:blank', status },
  };
}

export const forbidden = (detail: string) => problem(403, 'Forbidden', detail);
export const duplicateContent = () =>
  forbidden('You are not allowed to create a Tweet with duplicate content.');

/** 400 with one entry in `errors`; `parameters` has the wrong parameters with their values. */
export function invalidRequest(message: string, parameters: Record<string, string[]> = {}): Answer {
  return {
    status: 400,
    headers: problemJson,
    body: {
      errors: [{ parameters, message }],
      title: 'Invalid Request',
      detail: 'One or more parameters to your request was invalid.',
      type: 'https://api.x.com/2/problems/invalid-request',
    },
  };
}

/** X answers a look-up of an unknown object with 200 and `errors`. */
export function notFound(resourceType: 'tweet' | 'user', id: string): Answer {
  return {
    status: 200,
    body: {
      errors: [
        {
          value: id,
          detail: `Could not find ${resourceType} with id: [${id}].`,
          title: 'Not Found Error',
          resource_type: resourceType,
          parameter: 'id',
          resource_id: id,
          type: 'https://api.x.com/2/problems/resource-not-found',
        },
      ],
    },
  };
}

/** The token endpoints answer in OAuth's error format (RFC 6749, 5.2). */
export const oauthError = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});

export function tooManyRequests(): Answer {
  return problem(429, 'Too Many Requests', 'Too Many Requests');
}

export const refusals: Refusals = {
  unauthorized: () => problem(401, 'Unauthorized', 'Unauthorized'),
  expiredToken: () => problem(401, 'Unauthorized', 'Unauthorized'),
  rateLimited: ({ retryAfterSeconds, now }) => {
    const answer = tooManyRequests();
    const headers = rateHeaders({ limit: 100, remaining: 0, resetsAt: now + retryAfterSeconds * 1000 });
    return { ...answer, headers: { ...answer.headers, ...headers } };
  },
  rejected: (step) => {
    if (step === 'publish') return forbidden('Your Tweet text is too long.');
    if (step === 'token')
      return oauthError(400, 'invalid_request', 'Value passed for the token was invalid.');
    return invalidRequest('The media was refused: its type is not supported.');
  },
  serverError: (status) => {
    const titles: Record<number, string> = {
      502: 'Bad Gateway',
      503: 'Service Unavailable',
      504: 'Gateway Timeout',
    };
    const title = titles[status] ?? 'Internal Server Error';
    return problem(status, title, title);
  },
  malformed: (status, message) =>
    status === 400 ? invalidRequest(message) : problem(status, message, message),
  noSuchPath: () => problem(404, 'Not Found', 'Not Found'),
};

/** The three headers on every answer; the reset is in epoch seconds. */
export function rateHeaders(rate: { limit: number; remaining: number; resetsAt: number }) {
  return {
    'x-rate-limit-limit': String(rate.limit),
    'x-rate-limit-remaining': String(Math.max(0, rate.remaining)),
    'x-rate-limit-reset': String(Math.ceil(rate.resetsAt / 1000)),
  };
}
