import type { Answer, Refusals } from '../platform.ts';

/** LinkedIn's error format; newer errors have a `code`, older ones a `serviceErrorCode`. */
function restError(status: number, message: string, more: Record<string, unknown> = {}): Answer {
  return { status, body: { ...more, message, status } };
}

/** The format of input errors, with the name of the wrong field. */
export function badInput(code: string, field: string, description: string, status = 400): Answer {
  return restError(status, description, {
    code,
    errorDetailType: 'com.linkedin.common.error.BadRequest',
    errorDetails: { inputErrors: [{ code, description, input: { inputPath: { fieldPath: field } } }] },
  });
}

export const missingHeader = (name: string) =>
  name === 'Linkedin-Version'
    ? restError(
        400,
        'A version must be present. Please specify a version by adding the LinkedIn-Version header.',
        {
          code: 'VERSION_MISSING',
        },
      )
    : restError(400, `The header ${name} must be present with the value 2.0.0.`, { code: 'MISSING_HEADER' });
export const versionNotActive = (version: string) =>
  restError(426, `Requested version ${version} is not active`, { code: 'NONEXISTENT_VERSION' });
export const accessDenied = (resource: string) =>
  restError(403, `Not enough permissions to access: ${resource}`, {
    serviceErrorCode: 100,
    code: 'ACCESS_DENIED',
  });
/** A signed URL must not be called with a bearer token. */
export const bearerNotWanted = () =>
  restError(400, 'Only one way of authorization is allowed for a signed URL.', { code: 'INVALID_REQUEST' });
export const notFound = (urn: string) =>
  restError(404, `Could not find entity ${urn}`, { code: 'NOT_FOUND' });
export const duplicatePost = (urn: string): Answer => ({
  status: 422,
  body: {
    errorDetailType: 'com.linkedin.common.error.BadRequest',
    message: `com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of ${urn}`,
    errorDetails: {
      inputErrors: [{ description: 'Duplicate post is detected', input: {}, code: 'DUPLICATE_POST' }],
    },
    status: 422,
  },
});
/** Without a header that tells when to retry, as on LinkedIn. */
export const throttled = () =>
  restError(429, 'Resource level throttle limit for calls to this resource is reached.', {
    serviceErrorCode: 101,
    code: 'TOO_MANY_REQUESTS',
  });

export const revokedToken = () =>
  restError(401, 'The token used in the request has been revoked by the user', {
    serviceErrorCode: 65601,
    code: 'REVOKED_ACCESS_TOKEN',
  });

/** The token endpoint answers in OAuth's error format. */
export const oauthError = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});
export const codeNotFound = () =>
  oauthError(400, 'invalid_request', 'Unable to retrieve access token: authorization code not found');
/** One message for every problem with a known code. */
export const codeRefused = () =>
  oauthError(
    400,
    'invalid_redirect_uri',
    'Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired. Or external member binding exists',
  );

export const refusals: Refusals = {
  unauthorized: () =>
    restError(401, 'Invalid access token', { serviceErrorCode: 65600, code: 'INVALID_ACCESS_TOKEN' }),
  expiredToken: () =>
    restError(401, 'The token used in the request has expired', {
      serviceErrorCode: 65602,
      code: 'EXPIRED_ACCESS_TOKEN',
    }),
  rateLimited: () => throttled(),
  rejected: (step) =>
    step === 'token'
      ? codeNotFound()
      : badInput('INVALID_VALUE_FOR_FIELD', 'commentary', 'The content was refused.'),
  serverError: (status) =>
    restError(status, status === 500 ? 'Internal Server Error' : 'Service Unavailable'),
  malformed: (status, message) => restError(status, message),
  noSuchPath: () => restError(404, 'No virtual resource found', { code: 'RESOURCE_NOT_FOUND' }),
};
