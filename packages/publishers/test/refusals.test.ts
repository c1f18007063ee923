import { describe, expect, it } from '@jest/globals';
import type { ErrorMapper } from '../src/answer.ts';
import { errors as bluesky } from '../src/bluesky/errors.ts';
import { errors as instagram, readContainerFailure } from '../src/instagram/errors.ts';
import {
  errors as linkedin,
  duplicateUrnOf,
  isDuplicate as isDuplicateOnLinkedIn,
} from '../src/linkedin/errors.ts';
import { errors as mastodon } from '../src/mastodon/errors.ts';
import { errors as x, isDuplicate as isDuplicateOnX } from '../src/x/errors.ts';
import { answer, NOW } from './answers.ts';

/** Answers of a platform in its own form (status, code, words), and who has to act. */
type Row = [status: number, body: unknown, outcome: string, kind: string, actor: string];

const BLAMES_TEXT =
  /change (its text|the text|it)\b|the copy|may be too long|post it anew|create a new post/i;

function holds(errors: ErrorMapper, rows: Row[]): void {
  describe(`a refusal of ${errors.name}`, () => {
    it.each(rows)('%# %d %j → %s %s/%s', (status, body, outcome, kind, actor) => {
      const refusal = errors.readRefusal(answer(status, body), NOW);
      expect(refusal).toMatchObject({ outcome, failure: { kind, actor } });
      const { reason } = refusal!.failure;
      // A complete sentence that names the platform. It blames the post only for rejected content.
      expect(reason).toMatch(new RegExp(`${errors.name}.*\\.$`));
      if (kind !== 'rejected_content') expect(reason).not.toMatch(BLAMES_TEXT);
    });
  });
}

const xError = (code: number, message: string) => ({
  errors: [{ code, message }],
  title: 'Forbidden',
  status: 403,
});
const xDetail = (detail: string, type = 'about:blank', title = 'Forbidden') => ({
  title,
  detail,
  type,
  status: 403,
});
const xType = (name: string) => xDetail('Sorry.', `https://api.twitter.com/2/problems/${name}`);

holds(x, [
  [
    403,
    xError(64, 'Your account is suspended and is not permitted to access this feature.'),
    'failed',
    'rejected_account',
    'user',
  ],
  [403, xError(63, 'User has been suspended.'), 'failed', 'rejected_account', 'user'],
  [401, xError(64, 'Your account is suspended.'), 'failed', 'rejected_account', 'user'],
  [
    403,
    xDetail('Your account is suspended and is not permitted to access this feature.'),
    'failed',
    'rejected_account',
    'user',
  ],
  [403, xType('user-suspended'), 'failed', 'rejected_account', 'user'],
  [
    403,
    xError(
      326,
      'To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://twitter.com to unlock your account.',
    ),
    'failed',
    'rejected_account',
    'user',
  ],
  [403, xError(231, 'User must verify login'), 'failed', 'rejected_account', 'user'],
  [
    403,
    xError(
      226,
      'This request looks like it might be automated. To protect our users from spam, we can’t complete this action right now.',
    ),
    'failed',
    'rejected_account',
    'user',
  ],
  [
    403,
    xDetail('Your account is not permitted to access this feature.'),
    'failed',
    'rejected_account',
    'user',
  ],
  [403, xDetail('The token is missing the required scope tweet.write'), 'failed', 'rejected_account', 'user'],
  [403, xError(185, 'User is over daily status update limit.'), 'wait_until', 'rate_limited', 'platform'],
  [
    403,
    xError(344, 'You have reached your daily limit for sending Tweets and messages.'),
    'wait_until',
    'rate_limited',
    'platform',
  ],
  [403, xError(88, 'Rate limit exceeded'), 'wait_until', 'rate_limited', 'platform'],
  [403, xError(261, 'Application cannot perform write actions.'), 'failed', 'misconfigured', 'operator'],
  [403, xError(87, 'Client is not permitted to perform this action.'), 'failed', 'misconfigured', 'operator'],
  [
    403,
    xError(453, 'You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints'),
    'failed',
    'misconfigured',
    'operator',
  ],
  [401, xError(416, 'Invalid / suspended application'), 'failed', 'misconfigured', 'operator'],
  [403, xType('client-forbidden'), 'failed', 'misconfigured', 'operator'],
  [403, xType('unsupported-authentication'), 'failed', 'misconfigured', 'operator'],
  [403, xType('oauth1-permissions'), 'failed', 'misconfigured', 'operator'],
  [
    403,
    xDetail(
      'Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.',
    ),
    'failed',
    'misconfigured',
    'operator',
  ],
  [
    403,
    {
      ...xDetail('You must use keys and tokens from a Twitter developer App that is attached to a Project.'),
      reason: 'client-not-enrolled',
    },
    'failed',
    'misconfigured',
    'operator',
  ],
  [403, xError(89, 'Invalid or expired token'), 'failed', 'auth_expired', 'user'],
  [401, xError(32, 'Could not authenticate you'), 'failed', 'auth_expired', 'user'],
  [400, { errors: [{ code: 215, message: 'Bad Authentication data.' }] }, 'failed', 'auth_expired', 'user'],
  [
    401,
    { title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' },
    'failed',
    'auth_expired',
    'user',
  ],
  [401, '<html>Authorization required</html>', 'failed', 'auth_expired', 'user'],
  [403, xType('usage-capped'), 'wait_until', 'quota_exhausted', 'operator'],
  [
    429,
    xDetail('Usage cap exceeded: Monthly product cap', 'https://api.twitter.com/2/problems/usage-capped'),
    'wait_until',
    'quota_exhausted',
    'operator',
  ],
  [
    402,
    { title: 'CreditsDepleted', detail: 'Your enrolled account does not have any credits.' },
    'wait_until',
    'quota_exhausted',
    'operator',
  ],
  [403, xError(130, 'Over capacity'), 'retry', 'unavailable', 'platform'],
  [403, xError(131, 'Internal error'), 'retry', 'unavailable', 'platform'],
  [403, xError(186, 'Tweet needs to be a bit shorter.'), 'failed', 'rejected_content', 'user'],
  [
    400,
    xDetail('Your Tweet text is too long.', 'about:blank', 'Bad Request'),
    'failed',
    'rejected_content',
    'user',
  ],
  [403, xDetail('Your post may contain a maximum of one cashtag.'), 'failed', 'rejected_content', 'user'],
  [
    403,
    xDetail('This user is not allowed to post a video longer than 2 minutes.'),
    'failed',
    'rejected_content',
    'user',
  ],
  [400, xError(324, 'The validation of media ids failed.'), 'failed', 'rejected_content', 'user'],
  [403, xError(407, 'The given URL is invalid.'), 'failed', 'rejected_content', 'user'],
  [413, '<html>Request Entity Too Large</html>', 'failed', 'rejected_content', 'user'],
  ...[
    'This account has been deactivated.',
    'Your account may not be allowed to perform this action. Please refresh the page and try again.',
    'Your account has been temporarily restricted from posting.',
    'Please verify your phone number.',
  ].map((said): Row => [403, xDetail(said), 'failed', 'rejected_account', 'user']),
  ...['CreditsDepleted', 'SpendCapReached', 'UsageCapExceeded'].map((title): Row => [
    403,
    { title, detail: 'Sorry.' },
    'wait_until',
    'quota_exhausted',
    'operator',
  ]),
  // These do not say whose fault it is.
  [403, xDetail('You are not permitted to perform this action.'), 'failed', 'unknown', 'operator'],
  [403, xDetail('Forbidden'), 'failed', 'unknown', 'operator'],
  [403, xError(99_999, 'Something new.'), 'failed', 'unknown', 'operator'],
  [400, xType('something-new'), 'failed', 'unknown', 'operator'],
  [404, { title: 'Not Found', status: 404 }, 'failed', 'unknown', 'operator'],
]);

const xrpc = (error: string, message = '') => ({ error, message });

holds(bluesky, [
  [400, xrpc('InvalidRequest', 'Could not find repo: did:plc:moved'), 'failed', 'rejected_account', 'user'],
  [
    400,
    xrpc('RepoNotFound', 'Could not find repo for DID: did:plc:moved'),
    'failed',
    'rejected_account',
    'user',
  ],
  [400, xrpc('AccountNotFound'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('InvalidRequest', 'Account is deactivated'), 'failed', 'rejected_account', 'user'],
  [401, xrpc('AccountDeactivated', 'Account is deactivated'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('AccountDeactivated'), 'failed', 'rejected_account', 'user'],
  [
    400,
    xrpc('RepoDeactivated', 'Repo has been deactivated: did:plc:x'),
    'failed',
    'rejected_account',
    'user',
  ],
  [401, xrpc('AccountTakedown', 'Account has been taken down'), 'failed', 'rejected_account', 'user'],
  [403, xrpc('AccountTakedown'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('RepoTakendown'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('AccountSuspended'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('RepoSuspended'), 'failed', 'rejected_account', 'user'],
  [403, xrpc('InsufficientScope', 'Missing scope'), 'failed', 'rejected_account', 'user'],
  [
    403,
    xrpc('ScopeMissingError', 'Missing required scope "repo:app.bsky.feed.post?action=create"'),
    'failed',
    'rejected_account',
    'user',
  ],
  [400, xrpc('ExpiredToken', 'Token has expired'), 'failed', 'auth_expired', 'user'],
  [400, xrpc('InvalidToken', 'Bad token scope'), 'failed', 'auth_expired', 'user'],
  [401, xrpc('AuthMissing'), 'failed', 'auth_expired', 'user'],
  [401, xrpc('AuthenticationRequired', 'Invalid identifier or password'), 'failed', 'auth_expired', 'user'],
  [
    401,
    xrpc('AuthFactorTokenRequired', 'A sign in code has been sent to your email address'),
    'failed',
    'auth_expired',
    'user',
  ],
  [401, xrpc('SomethingNew', 'Invalid app.bsky.feed.post record'), 'failed', 'auth_expired', 'user'],
  [400, xrpc('RateLimitExceeded'), 'wait_until', 'rate_limited', 'platform'],
  [400, xrpc('UpstreamFailure'), 'retry', 'unavailable', 'platform'],
  [
    400,
    xrpc(
      'InvalidRequest',
      'Invalid app.bsky.feed.post record: Record/text must not be longer than 300 graphemes',
    ),
    'failed',
    'rejected_content',
    'user',
  ],
  [400, xrpc('InvalidMimeType', 'Wrong mimetype'), 'failed', 'rejected_content', 'user'],
  [413, xrpc('PayloadTooLarge', 'request entity too large'), 'failed', 'rejected_content', 'user'],
  [
    400,
    xrpc('InvalidRequest', 'string too big (maximum 3000, got 3001)'),
    'failed',
    'rejected_content',
    'user',
  ],
  [400, xrpc('AccountMigrated'), 'failed', 'rejected_account', 'user'],
  [400, xrpc('InvalidRequest', 'must be logged in'), 'failed', 'auth_expired', 'user'],
  [400, { error: 'ExpiredToken', message: null }, 'failed', 'auth_expired', 'user'],
  [400, xrpc('InvalidRequest', 'Error: rkey must be a valid TID'), 'failed', 'unknown', 'operator'],
  [400, xrpc('InvalidRequest', 'Input/collection must be a NSID'), 'failed', 'unknown', 'operator'],
  [400, xrpc('SomethingNew', 'Sorry.'), 'failed', 'unknown', 'operator'],
  [403, xrpc('Forbidden'), 'failed', 'unknown', 'operator'],
]);

const graph = (code: number, error_subcode?: number, message = 'm', more: object = {}) => ({
  error: { message, type: 'OAuthException', code, error_subcode, fbtrace_id: 'A6L', ...more },
});

holds(instagram, [
  [400, graph(9004, 2207052, 'Media download has failed.'), 'retry', 'media_unavailable', 'operator'],
  [400, graph(9004), 'retry', 'media_unavailable', 'operator'],
  [
    400,
    graph(-2, 2207003, 'It takes too long to download the media.'),
    'retry',
    'media_unavailable',
    'operator',
  ],
  [
    400,
    graph(368, undefined, 'The action attempted has been deemed abusive or is otherwise disallowed'),
    'failed',
    'rejected_account',
    'user',
  ],
  [400, graph(25, 2207050), 'failed', 'rejected_account', 'user'],
  [400, graph(10), 'failed', 'rejected_account', 'user'],
  [403, graph(200, undefined, 'Permissions error'), 'failed', 'rejected_account', 'user'],
  [400, graph(299), 'failed', 'rejected_account', 'user'],
  [
    400,
    graph(100, undefined, 'The user is not an Instagram Business account'),
    'failed',
    'rejected_account',
    'user',
  ],
  [400, graph(102), 'failed', 'auth_expired', 'user'],
  [400, graph(467), 'failed', 'auth_expired', 'user'],
  [400, graph(463), 'failed', 'auth_expired', 'user'],
  [400, graph(190), 'failed', 'auth_expired', 'user'],
  ...[458, 459, 460, 463, 464, 467, 490, 492].map((subcode): Row => [
    400,
    graph(190, subcode),
    'failed',
    'auth_expired',
    'user',
  ]),
  [401, graph(987_654), 'failed', 'auth_expired', 'user'],
  [401, graph(36_003, 2207009), 'failed', 'auth_expired', 'user'],
  [
    400,
    graph(3, undefined, 'Application does not have the capability to make this API call.'),
    'failed',
    'misconfigured',
    'operator',
  ],
  [400, graph(101, undefined, 'Error validating application.'), 'failed', 'misconfigured', 'operator'],
  [
    400,
    graph(2635, undefined, 'You are calling a deprecated version of the Ads API.'),
    'failed',
    'misconfigured',
    'operator',
  ],
  ...[4, 17, 32, 341, 613, 80_001, 80_002].map((code): Row => [
    400,
    graph(code),
    'wait_until',
    'rate_limited',
    'platform',
  ]),
  [400, graph(4, 1349210), 'wait_until', 'rate_limited', 'platform'],
  [400, graph(9, 2207042), 'wait_until', 'rate_limited', 'platform'],
  [400, graph(9007, 2207027), 'wait_until', 'unavailable', 'platform'],
  ...[1, 2, -1, -2, 24].map((code): Row => [400, graph(code), 'retry', 'unavailable', 'platform']),
  [400, graph(24, 2207006), 'retry', 'unavailable', 'platform'],
  [400, graph(100, 33, 'Unsupported post request.'), 'retry', 'unavailable', 'platform'],
  [400, graph(987_654, undefined, 'm', { is_transient: true }), 'retry', 'unavailable', 'platform'],
  [400, graph(4, 2207051), 'failed', 'rejected_content', 'user'],
  [400, graph(506), 'failed', 'rejected_content', 'user'],
  [400, graph(36_000, 2207004), 'failed', 'rejected_content', 'user'],
  [400, graph(36_003, 2207009), 'failed', 'rejected_content', 'user'],
  [400, graph(36_004, 2207010), 'failed', 'rejected_content', 'user'],
  [400, graph(352, 2207026), 'failed', 'rejected_content', 'user'],
  [400, graph(100, 2207023), 'failed', 'rejected_content', 'user'],
  [400, graph(100, 2207036), 'failed', 'rejected_content', 'user'],
  [400, graph(1, 2207057), 'failed', 'rejected_content', 'user'],
  // Codes as text.
  [400, { error: { code: '190', error_subcode: '463', message: 'm' } }, 'failed', 'auth_expired', 'user'],
  [400, { error: { code: '4', message: 'm' } }, 'wait_until', 'rate_limited', 'platform'],
  [
    400,
    { error: { code: 100, error_subcode: '2207050', message: 'm' } },
    'failed',
    'rejected_account',
    'user',
  ],
  [
    400,
    graph(10, undefined, '(#10) To use Content Publish API, your app must be approved.'),
    'failed',
    'misconfigured',
    'operator',
  ],
  // "Invalid parameter" is our own fault if it does not name the parameter.
  [400, graph(100, undefined, 'Unsupported post request.'), 'failed', 'unknown', 'operator'],
  [400, graph(987_654), 'failed', 'unknown', 'operator'],
]);

const restli = (status: number, message: string, more: object = {}) => ({ status, message, ...more });
const aboutField = (code: string, fieldPath: string) => ({
  status: 400,
  message: 'Input is not valid',
  errorDetails: { inputErrors: [{ code, description: 'x', input: { inputPath: { fieldPath } } }] },
});

holds(linkedin, [
  [413, '<html>Request Entity Too Large</html>', 'failed', 'rejected_content', 'user'],
  [403, restli(403, 'Your account is temporarily restricted'), 'failed', 'rejected_account', 'user'],
  [403, restli(403, 'The token used is not valid for this client'), 'failed', 'auth_expired', 'user'],
  [400, restli(400, 'x', { serviceErrorCode: '65601' }), 'failed', 'auth_expired', 'user'],
  [403, restli(403, 'You have reached the daily limit of posts'), 'wait_until', 'rate_limited', 'platform'],
  [403, restli(403, 'This content violates our policies'), 'failed', 'rejected_content', 'user'],
  [
    403,
    restli(403, 'Unpermitted fields present in REQUEST_BODY: while processing fields [/content]'),
    'failed',
    'unknown',
    'operator',
  ],
  [400, restli(400, 'Missing LinkedIn-Version header'), 'failed', 'misconfigured', 'operator'],
  ...[
    'Media asset is not in AVAILABLE state',
    'One of the media is in WAITING_UPLOAD state',
    'Video is in PROCESSING status',
  ].map((said): Row => [400, restli(400, said), 'wait_until', 'unavailable', 'platform']),
  [
    401,
    restli(401, 'Invalid access token', { serviceErrorCode: 65600, code: 'INVALID_ACCESS_TOKEN' }),
    'failed',
    'auth_expired',
    'user',
  ],
  [
    401,
    restli(401, 'The token used in the request has been revoked by the user', { serviceErrorCode: 65601 }),
    'failed',
    'auth_expired',
    'user',
  ],
  [
    401,
    restli(401, 'The token used in the request has expired', { serviceErrorCode: 65602 }),
    'failed',
    'auth_expired',
    'user',
  ],
  [403, restli(403, 'x', { serviceErrorCode: 65604 }), 'failed', 'auth_expired', 'user'],
  [400, restli(400, 'Empty oauth2 access token'), 'failed', 'auth_expired', 'user'],
  [401, restli(401, 'Member is restricted'), 'failed', 'rejected_account', 'user'],
  [403, restli(403, 'This account has been suspended'), 'failed', 'rejected_account', 'user'],
  [
    403,
    restli(403, 'Not enough permissions to access: partnerApiPostsExternal.CREATE.20250101', {
      serviceErrorCode: 100,
      code: 'ACCESS_DENIED',
    }),
    'failed',
    'rejected_account',
    'user',
  ],
  [
    403,
    restli(403, 'This application is not allowed to create posts'),
    'failed',
    'misconfigured',
    'operator',
  ],
  [403, restli(403, 'The client is disabled'), 'failed', 'misconfigured', 'operator'],
  [
    426,
    restli(426, 'Requested version 20240101 is not active', { code: 'NONEXISTENT_VERSION' }),
    'failed',
    'misconfigured',
    'operator',
  ],
  [400, restli(400, 'VERSION_MISSING'), 'failed', 'misconfigured', 'operator'],
  [
    429,
    restli(429, 'Resource level throttle APPLICATION DAY limit for calls to this resource is reached.', {
      serviceErrorCode: 101,
    }),
    'wait_until',
    'rate_limited',
    'platform',
  ],
  [
    403,
    restli(403, 'Resource level throttle limit for calls to this resource is reached.', {
      serviceErrorCode: 101,
    }),
    'wait_until',
    'rate_limited',
    'platform',
  ],
  [400, restli(400, 'x', { code: 'MEDIA_ASSET_WAITING_UPLOAD' }), 'wait_until', 'unavailable', 'platform'],
  [
    400,
    restli(400, 'The video urn:li:video:1 is still being processed'),
    'wait_until',
    'unavailable',
    'platform',
  ],
  [
    422,
    restli(422, 'Media asset urn:li:digitalmediaAsset:1 is not ready'),
    'wait_until',
    'unavailable',
    'platform',
  ],
  [400, restli(400, 'x', { code: 'MEDIA_ASSET_PROCESSING_FAILED' }), 'retry', 'unavailable', 'platform'],
  [400, aboutField('INVALID_VALUE_FOR_FIELD', '/author'), 'failed', 'rejected_account', 'user'],
  [400, restli(400, 'x', { code: 'INVALID_URN_TYPE' }), 'failed', 'rejected_account', 'user'],
  [400, aboutField('FIELD_LENGTH_TOO_LONG', '/commentary'), 'failed', 'rejected_content', 'user'],
  [
    400,
    aboutField('INVALID_VALUE_FOR_FIELD', '/content/article/source'),
    'failed',
    'rejected_content',
    'user',
  ],
  [422, restli(422, 'Something about the post'), 'failed', 'rejected_content', 'user'],
  [
    400,
    restli(400, 'Field Value validation failed in REQUEST_BODY: Data Processing Exception'),
    'failed',
    'unknown',
    'operator',
  ],
  [400, restli(400, 'x', { code: 'MISSING_FIELD' }), 'failed', 'unknown', 'operator'],
  [400, restli(400, 'Something new', { code: 'SOMETHING_NEW' }), 'failed', 'unknown', 'operator'],
  [404, restli(404, 'no', { code: 'RESOURCE_NOT_FOUND' }), 'failed', 'unknown', 'user'],
]);

const says = (error: string) => ({ error });

holds(mastodon, [
  // GoToSocial, Misskey and its forks.
  [
    400,
    { error: 'Bad Request: status too long, 6000 characters provided' },
    'failed',
    'rejected_content',
    'user',
  ],
  [400, { error: 'BAD_REQUEST' }, 'failed', 'unknown', 'operator'],
  [
    400,
    { error: 'You cannot attach a file that is still being processed' },
    'wait_until',
    'unavailable',
    'platform',
  ],
  // Pleroma.
  [403, { error: 'Invalid credentials.' }, 'failed', 'auth_expired', 'user'],
  [403, { error: 'Insufficient permissions: write:statuses.' }, 'failed', 'auth_expired', 'user'],
  [401, says('The access token is invalid'), 'failed', 'auth_expired', 'user'],
  [401, says('The access token was revoked'), 'failed', 'auth_expired', 'user'],
  [422, says('This method requires an authenticated user'), 'failed', 'auth_expired', 'user'],
  [403, says('This action is outside the authorized scopes'), 'failed', 'auth_expired', 'user'],
  [403, says('Your login is currently disabled'), 'failed', 'rejected_account', 'user'],
  [403, says('Your account has been suspended'), 'failed', 'rejected_account', 'user'],
  [403, says('Your login is currently pending approval'), 'failed', 'rejected_account', 'user'],
  [401, says('Your account is awaiting admin approval'), 'failed', 'rejected_account', 'user'],
  [403, says('Your login is missing a confirmed e-mail address'), 'failed', 'rejected_account', 'user'],
  [403, says('Your account requires two-factor authentication'), 'failed', 'rejected_account', 'user'],
  [403, says('This account has moved'), 'failed', 'rejected_account', 'user'],
  [403, says('This action is not allowed'), 'failed', 'rejected_account', 'user'],
  [403, says('Ihr Konto ist gesperrt'), 'failed', 'rejected_account', 'user'],
  [410, says('Gone'), 'failed', 'rejected_account', 'user'],
  [
    422,
    says('Cannot attach files that have not finished processing. Try again in a moment!'),
    'wait_until',
    'unavailable',
    'platform',
  ],
  [
    422,
    says('Validation failed: Text character limit of 500 exceeded'),
    'failed',
    'rejected_content',
    'user',
  ],
  [413, '<html>', 'failed', 'rejected_content', 'user'],
  [429, says('Too many requests'), 'wait_until', 'rate_limited', 'platform'],
]);

describe('the reasons', () => {
  const reasonOf = (error: string) => mastodon.readRefusal(answer(403, says(error)), NOW)?.failure.reason;
  it('of different refusals differ', () => {
    const reasons = [
      'Your login is currently disabled',
      'Your login is currently pending approval',
      'Your login is missing a confirmed e-mail address',
      'This account has moved',
      'This action is outside the authorized scopes',
    ].map(reasonOf);
    expect(new Set(reasons).size).toBe(reasons.length);
    const ofX = [64, 326, 226, 261, 185, 89, 186].map(
      (code) => x.readRefusal(answer(403, xError(code, '')), NOW)?.failure.reason,
    );
    expect(new Set(ofX).size).toBe(ofX.length);
  });

  it('of a failed container come with its own words', () => {
    const status = 'Error: Media upload has failed with error code 2207052';
    expect(readContainerFailure(status, NOW)).toMatchObject({
      outcome: 'retry',
      failure: { kind: 'media_unavailable', actor: 'operator', platformMessage: status },
    });
  });
});

describe('the scope of a rate limit', () => {
  const used = (window: string) => ({ [`${window}-remaining`]: '0' });
  it.each<[string, ErrorMapper, number, unknown, Record<string, string>, string]>([
    ['X, the limit of a call', x, 429, {}, { 'x-rate-limit-reset': '0' }, 'account'],
    ['X, the daily limit of the user', x, 429, {}, used('x-user-limit-24hour'), 'account'],
    ['X, the daily limit of the app', x, 429, {}, used('x-app-limit-24hour'), 'platform'],
    ['X, no credit', x, 402, {}, {}, 'platform'],
    ['LinkedIn, the daily limit of the member', linkedin, 429, throttle('MEMBER'), {}, 'account'],
    ['LinkedIn, the daily limit of the app', linkedin, 429, throttle('APPLICATION'), {}, 'platform'],
    [
      'Instagram, the calls of the app',
      instagram,
      400,
      { error: { code: 4, message: 'limit' } },
      {},
      'platform',
    ],
    [
      'Instagram, the calls of the account',
      instagram,
      400,
      { error: { code: 17, message: 'limit' } },
      {},
      'account',
    ],
    ['Bluesky', bluesky, 429, { error: 'RateLimitExceeded' }, {}, 'account'],
    ['Mastodon', mastodon, 429, { error: 'Too many requests' }, {}, 'account'],
  ])('%s', (_what, errors, status, body, headers, limits) => {
    const refusal = errors.readRefusal(answer(status, body, headers), NOW);
    expect(refusal).toMatchObject({ outcome: 'wait_until', limits });
  });
});

function throttle(whose: string) {
  return {
    message: `Resource level throttle ${whose} DAY limit for calls to this resource is reached.`,
    status: 429,
  };
}

// As a failure it would count as not published, and the author would write it again.
describe('a duplicate refusal in any words is not a failure, since it may mean our own post', () => {
  it.each([
    'You are not allowed to create a Tweet with duplicate content.',
    'Status is a duplicate.',
    'This is duplicated content.',
    'Whoops! You already said that.',
    'You have already sent this post.',
  ])('X: %s', (said) => {
    const response = answer(403, xDetail(said));
    expect([isDuplicateOnX(response), x.readRefusal(response, NOW)]).toEqual([true, null]);
  });

  it.each<[number, unknown, string | null]>([
    [422, restli(422, 'Content is a duplicate of urn:li:share:71'), 'urn:li:share:71'],
    [400, restli(400, 'Content is a duplicate of urn:li:ugcPost:71'), 'urn:li:ugcPost:71'],
    [400, restli(400, 'Duplicate post is detected'), null],
    [422, restli(422, 'urn:li:share:71 is another post, and this one is its duplicate'), 'urn:li:share:71'],
    [
      403,
      {
        message: 'x',
        errorDetails: {
          inputErrors: [{ code: 'DUPLICATE_POST', description: 'duplicate of urn:li:share:71' }],
        },
      },
      'urn:li:share:71',
    ],
  ])('LinkedIn: %d %j', (status, body, urn) => {
    const response = answer(status, body);
    expect([isDuplicateOnLinkedIn(response), linkedin.readRefusal(response, NOW)]).toEqual([true, null]);
    expect(duplicateUrnOf(response)).toBe(urn);
  });

  it('but a duplicate field is not a duplicate post', () => {
    expect(isDuplicateOnLinkedIn(answer(400, restli(400, 'Duplicate image in multiImage')))).toBe(false);
  });
});
