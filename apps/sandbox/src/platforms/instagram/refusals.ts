import { randomBytes } from 'node:crypto';
import type { Answer, Refusals } from '../platform.ts';

/** The Graph API's error format. The status is always 400; code and subcode differ. */
function graphError(
  code: number,
  subcode: number | undefined,
  message: string,
  options: { status?: number; isTransient?: boolean } = {},
): Answer {
  return {
    status: options.status ?? 400,
    body: {
      error: {
        message,
        type: 'OAuthException',
        code,
        ...(subcode !== undefined && { error_subcode: subcode }),
        is_transient: options.isTransient ?? false,
        error_user_title: message,
        error_user_msg: message,
        fbtrace_id: randomBytes(8).toString('base64url'),
      },
    },
  };
}

export const invalidParameter = (message: string) => graphError(100, undefined, `(#100) ${message}`);
export const noSuchObject = (id: string) =>
  graphError(
    100,
    33,
    `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.`,
  );

export const mediaNotFetched = () =>
  graphError(9004, 2207052, 'The media could not be fetched from this URI.');
export const imageTooLarge = () => graphError(36000, 2207004, 'The image is too large to download.');
export const imageFormatUnsupported = () => graphError(36001, 2207005, 'The image format is not supported.');
export const videoUnsupported = () => graphError(352, 2207026, 'The video format is not supported.');
export const thumbOffsetOutOfBounds = () =>
  graphError(1, 2207057, 'Thumbnail offset must be greater than or equal to 0 and less than video duration.');
export const imageRatioUnsupported = () =>
  graphError(36003, 2207009, 'The aspect ratio of the image is not supported.');
export const carouselSizeUnsupported = () =>
  graphError(100, 2207028, 'The carousel must have at least 2 items and at most 10.');
export const captionTooLong = () => graphError(36004, 2207010, 'The caption is too long.');
export const quotaReached = () =>
  graphError(9, 2207042, 'You reached the maximum number of posts for today.');
export const mediaNotFound = () => graphError(24, 2207006, 'The media with this id cannot be found.');
export const creationIdGone = () => graphError(24, 2207008, 'The media builder does not exist or expired.');
export const mediaNotReady = () => graphError(9007, 2207027, 'The media is not ready to be published.');
export const containerExpired = () => graphError(-2, 2207020, 'The media has expired.');
export const containerFailed = () => graphError(-1, 2207032, 'The media container could not be created.');

const invalidToken = () =>
  graphError(190, undefined, 'Invalid OAuth access token - Cannot parse access token');
export const permissionMissing = () =>
  graphError(10, undefined, '(#10) Application does not have permission for this action');
/** The person has removed the app from the account. */
export const revokedToken = () =>
  graphError(190, 458, 'Error validating access token: The user has not authorized application.');

/** Errors of the code exchange have their own format. */
export const codeExchange = (message: string): Answer => ({
  status: 400,
  body: { error_type: 'OAuthException', code: 400, error_message: message },
});
export const codeNotFound = 'Matching code was not found or was already used.';

export const refusals: Refusals = {
  unauthorized: () => invalidToken(),
  expiredToken: () => graphError(190, 463, 'Error validating access token: Session has expired.'),
  // A rate limit is a 400, too, with the wait in minutes in a header.
  rateLimited: ({ retryAfterSeconds }) => ({
    ...graphError(4, undefined, '(#4) Application request limit reached', { isTransient: true }),
    headers: usageHeaders(100, Math.ceil(retryAfterSeconds / 60)),
  }),
  rejected: (step, request) => {
    if (step === 'status' || step === 'lookup') return noSuchObject('0');
    if (step !== 'token') return imageRatioUnsupported();
    return request.method === 'POST' ? codeExchange(codeNotFound) : invalidToken();
  },
  refusedButDone: () => graphError(4, 2207051, 'The action was blocked as suspected spam.'),
  serverError: (status) =>
    graphError(2, undefined, 'An unexpected error has occurred.', { status, isTransient: true }),
  malformed: (_status, message) => invalidParameter(message),
  noSuchPath: () => graphError(2500, undefined, 'Unknown path components'),
};

/** Usage in percent; `minutesToRegain` is the time until a used-up limit is free again. */
export function usageHeaders(percent: number, minutesToRegain: number): Record<string, string> {
  const usage = { call_count: percent, total_cputime: percent, total_time: percent };
  const useCase = { type: 'instagram', ...usage, estimated_time_to_regain_access: minutesToRegain };
  return {
    'x-app-usage': JSON.stringify(usage),
    'x-business-use-case-usage': JSON.stringify({ '17841400000000000': [useCase] }),
  };
}
