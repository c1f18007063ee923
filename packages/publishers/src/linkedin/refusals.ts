import { inFuture, waitUntil } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { again, failed, unknownRefusal, waits, type Refusal } from '../refusals.ts';
import { pauseUntil } from '../told-time.ts';
import { saysOf, type ErrorBody } from './error-body.ts';

const UPLOAD_PENDING_PAUSE_MS = 2 * 60_000;

export const UPLOAD_LOST = /MEDIA_ASSET_PROCESSING_FAILED|EXPIRED_UPLOAD_URL/;
export const UPLOAD_PENDING =
  /MEDIA_ASSET_(WAITING_UPLOAD|PROCESSING|NOT_READY|NOT_AVAILABLE)(?!_FAILED)|\b(asset|media|image|video|document)\b.{0,60}\b(is|are) (still (being )?process|not (yet )?(ready|available|processed)|(not )?in (an? |the )?(AVAILABLE|WAITING_UPLOAD|PROCESSING)\b)/i;

type Meaning = (response: HttpResponse, now: Date) => Refusal;

interface Row {
  statuses: readonly number[];
  /** `serviceErrorCode`, from users' reports; LinkedIn publishes no list. */
  service?: readonly number[];
  /** In a `code`, the `message` or a description. From "Error handling", "Error responses" of the marketing APIs, "Posts API". */
  words?: RegExp;
  /** The field of the post that the error names. */
  fields?: RegExp;
  meaning: Meaning;
}

const ANY_4XX = [400, 401, 403, 404, 405, 410, 412, 413, 415, 422];

/** Who has to act: the author, the platform or the operator. The first match wins; without a match, the refusal is unknown. */
const rows: readonly Row[] = [
  { statuses: [400, 422], words: UPLOAD_LOST, meaning: () => uploadLost() },
  { statuses: [400, 422], words: UPLOAD_PENDING, meaning: (_, now) => uploadPending(now) },
  {
    statuses: ANY_4XX,
    words:
      /\bVERSION_|_VERSION\b|\bversion\b.{0,60}\b(missing|not active|not supported|invalid|deprecated)|\b(missing|invalid|unsupported)\b.{0,30}\bversion\b/i,
    meaning: () => oldVersion(),
  },
  {
    statuses: ANY_4XX,
    words:
      /(member|account|user)\b.{0,30}\b(is|has been|was) (temporarily )?(restricted|suspended|blocked|disabled|deactivated|closed)|RESTRICTED_MEMBER|MEMBER_RESTRICTED|ACCOUNT_RESTRICTED/i,
    meaning: () => failed('rejected_account', 'user', restrictedReason),
  },
  {
    statuses: [400, 401, 403],
    service: [65_600, 65_601, 65_602, 65_603, 65_604],
    words:
      /(EXPIRED|REVOKED|INVALID|EMPTY)_(OAUTH2?_)?ACCESS_TOKEN|access token|\btoken\b.{0,40}(expired|revoked|invalid|not valid)/i,
    meaning: () => expired(),
  },
  {
    statuses: [400, 403],
    words:
      /\b(application|app|client)\b.{0,40}(not (authorized|allowed|approved|permitted)|disabled|suspended|blocked|invalid)|unauthorized_client|INVALID_CLIENT|product/i,
    meaning: () => failed('misconfigured', 'operator', appReason),
  },
  {
    statuses: [400, 403],
    service: [101],
    words: /throttle limit|rate limit|daily limit/i,
    meaning: (response, now) => throttled(response, now),
  },
  // The request itself is wrong, so connecting again would not help.
  { statuses: [403], words: /Unpermitted fields/i, meaning: () => unknownRefusal('LinkedIn') },
  {
    statuses: [403],
    words: /\bcontent\b.{0,40}\b(violates?|against|blocked)|\bspam\b/i,
    meaning: () => failed('rejected_content', 'user', contentReason),
  },
  // For example `serviceErrorCode` 100, "Not enough permissions to access: …", and a page that the member no longer manages.
  { statuses: [403], meaning: () => failed('rejected_account', 'user', deniedReason) },
  {
    statuses: [400, 422],
    words: /INVALID_VIDEO_ID|INVALID_IMAGE|INVALID_DOCUMENT|MEDIA_|\b(image|video|document|media|file)\b/i,
    fields: /media|multiImage|image|video|document/i,
    meaning: () => fileRefused(),
  },
  {
    statuses: [400, 422],
    words: /INVALID_URN|INVALID_AUTHOR/,
    fields: /author|owner/i,
    meaning: () => failed('rejected_account', 'user', authorReason),
  },
  {
    statuses: [400, 422],
    words:
      /FIELD_LENGTH_TOO_LONG|INVALID_VALUE_BLANK_FIELD|INVALID_VALUE_FOR_FIELD|\bcommentary\b|too long|\bspam\b|\bpolicy\b/i,
    fields: /commentary|content|article|title/i,
    meaning: () => failed('rejected_content', 'user', contentReason),
  },
  // "Unprocessable": LinkedIn understood the post and refuses it as it is.
  { statuses: [422], meaning: () => failed('rejected_content', 'user', contentReason) },
  { statuses: [404], meaning: () => failed('unknown', 'user', notFoundReason) },
];

/** Null: no row matches. */
export function readBody(body: ErrorBody, response: HttpResponse, now: Date): Refusal | null {
  const said = saysOf(body);
  const row = rows.find(({ statuses, service, words, fields }) => {
    if (!statuses.includes(response.status)) return false;
    if (!service && !words && !fields) return true;
    return (
      (service?.includes(body.serviceErrorCode ?? -1) ?? false) ||
      said.some((sentence) => words?.test(sentence)) ||
      body.fields.some((field) => fields?.test(field))
    );
  });
  return row?.meaning(response, now) ?? null;
}

export function fileRefused(): Refusal {
  return failed('rejected_content', 'user', fileReason);
}

export function uploadLost(): Refusal {
  return again(
    'LinkedIn could not use an uploaded file. Nothing was published; it is uploaded again by itself.',
  );
}

function uploadPending(now: Date): Refusal {
  const reason = 'LinkedIn is still processing a file. The post goes out by itself as soon as that is done.';
  return waitUntil(inFuture(now, UPLOAD_PENDING_PAUSE_MS), {
    kind: 'unavailable',
    actor: 'platform',
    reason,
  });
}

/**
 * LinkedIn documents no header for the end of a limit. The message says whether the limit is the app's or the member's, such as
 * "Resource level throttle APPLICATION DAY limit …".
 */
export function throttled({ headers, text }: HttpResponse, now: Date): Refusal {
  const limits = /APPLICATION (DAY|MINUTE)/.test(text) ? 'platform' : 'account';
  const reason = 'LinkedIn asks to slow down. The post waits and goes out by itself.';
  return waits(pauseUntil(headers, now), reason, limits);
}

export function expired(): Refusal {
  return failed('auth_expired', 'user', expiredReason);
}

export function oldVersion(): Refusal {
  return failed('misconfigured', 'operator', versionReason);
}

const expiredReason =
  'LinkedIn no longer accepts this connection; it ends every 60 days. Connect the LinkedIn account again.';
const deniedReason =
  'SoloSpark may not post to this LinkedIn account. Connect it again and allow posting, then retry the post. If that does not help, ask whoever runs SoloSpark what its app may do at LinkedIn.';
const restrictedReason =
  'LinkedIn has restricted this account. Sign in to LinkedIn to see why; when the account is free again, retry the post.';
const appReason =
  "LinkedIn does not accept SoloSpark's app for this. Whoever runs SoloSpark has to check the app and its products in LinkedIn's developer portal; then retry the post.";
const authorReason =
  'LinkedIn does not know this account as the author of a post. Connect the LinkedIn account again, then retry the post.';
const contentReason =
  'LinkedIn does not accept this post. Nothing was published: see what it says, duplicate the post, change the text or the files of the copy and publish that.';
const fileReason =
  'LinkedIn does not accept a file of this post. Nothing was published: see what it says, duplicate the post and publish the copy with another one.';
const notFoundReason =
  'LinkedIn did not find something that this post needs. Connect the account again, then retry the post.';
const versionReason =
  'LinkedIn no longer accepts this version of SoloSpark. Whoever runs SoloSpark has to update it, or to set LINKEDIN_API_VERSION; then retry the post.';
