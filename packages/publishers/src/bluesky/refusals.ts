import type { HttpResponse } from '../http.ts';
import { again, failed, inShort, waits, type Refusal } from '../refusals.ts';
import { pauseUntil } from '../told-time.ts';
import type { XrpcError } from './xrpc-error.ts';

type Meaning = (response: HttpResponse, now: Date) => Refusal;

interface Row {
  /** Error names of the lexicons and of the reference server's code (`packages/pds`, `packages/xrpc-server`). */
  names: readonly string[];
  /** Sentences of the same code. They decide for `InvalidRequest`, which can mean anything, and for names that no row lists. */
  words?: RegExp;
  meaning: Meaning;
}

/** Who has to act: the author, the platform or the operator. Matched by name first, then by words; the first match wins. */
const rows: readonly Row[] = [
  {
    names: ['AccountDeactivated', 'RepoDeactivated'],
    words: /deactivated/i,
    meaning: () => failed('rejected_account', 'user', deactivatedReason),
  },
  {
    names: ['AccountTakedown', 'AccountSuspended', 'RepoTakendown', 'RepoSuspended'],
    words: /taken ?down|suspended/i,
    meaning: () => failed('rejected_account', 'user', takedownReason),
  },
  {
    names: ['RepoNotFound', 'AccountNotFound', 'AccountMigrated', 'RepoDesynchronized', 'DidDeactivated'],
    words:
      /(could not|couldn't|cannot|unable to) (find|locate|resolve) (the )?(repo|account|user|did|actor)|(repo|account|user|actor) (was )?not found|no such (repo|account)/i,
    meaning: () => failed('rejected_account', 'user', movedReason),
  },
  {
    names: ['EmailNotConfirmed', 'UnconfirmedEmail'],
    words: /(confirm|verif)\w* .{0,20}e-?mail|e-?mail .{0,40}(confirm|verif)/i,
    meaning: () => failed('rejected_account', 'user', emailReason),
  },
  {
    names: ['InsufficientScope', 'ScopeMissingError', 'ScopeMissing', 'InvalidScope'],
    words: /\bscopes?\b|\bpermissions?\b/i,
    meaning: () => failed('rejected_account', 'user', scopeReason),
  },
  {
    names: [
      ...[
        'ExpiredToken',
        'InvalidToken',
        'AuthMissing',
        'AuthenticationRequired',
        'MissingJwt',
        'BadJwt',
        'BadJwtSignature',
      ],
      ...['JwtExpired', 'AuthFactorTokenRequired', 'MissingTokenId', 'invalid_token', 'use_dpop_nonce'],
    ],
    words: /\btoken\b|\bjwt\b|\bauthenticat|\blogged in\b/i,
    meaning: () => expired(),
  },
  {
    names: ['RateLimitExceeded'],
    words: /rate limit/i,
    meaning: (response, now) => throttled(response, now),
  },
  {
    names: [
      'UpstreamFailure',
      'UpstreamTimeout',
      'NotEnoughResources',
      'InternalServerError',
      'ServiceUnavailable',
    ],
    meaning: () => again(awayReason),
  },
  {
    names: ['PayloadTooLarge', 'BlobTooLarge', 'InvalidMimeType'],
    words: /\bblob\b|mime ?type|\bfile\b|\bimage\b|\bvideo\b|too large/i,
    meaning: () => failed('rejected_content', 'user', fileReason),
  },
  {
    names: ['InvalidRecord'],
    words:
      /invalid app\.bsky\.\S+ record|\bgrapheme|\brecord\/(text|embed|facets|langs|labels|tags)|must not be longer|\bstring too big/i,
    meaning: () => failed('rejected_content', 'user', contentReason),
  },
];

/** Null: no row matches. */
export function readNamed({ error, message }: XrpcError, response: HttpResponse, now: Date): Refusal | null {
  const row =
    rows.find(({ names }) => names.includes(error)) ??
    rows.find(({ words }) => words?.test(inShort(message ?? '')));
  return row?.meaning(response, now) ?? null;
}

export function throttled(response: HttpResponse, now: Date): Refusal {
  const until = pauseUntil(response.headers, now, response.headers.get('ratelimit-reset'));
  return waits(until, 'Bluesky asks to slow down. The post waits and goes out by itself.');
}

export function expired(): Refusal {
  return failed('auth_expired', 'user', expiredReason);
}

const expiredReason =
  'Bluesky no longer accepts this connection. Connect the Bluesky account again, then retry the post.';
const takedownReason =
  'The moderators of this Bluesky server have taken down or suspended this account. Open Bluesky to see why; when the account is back, retry the post.';
const deactivatedReason =
  'This Bluesky account is deactivated. Open Bluesky and activate it again, then retry the post.';
const movedReason =
  'This Bluesky server does not have this account any more: it has moved to another server, or was deleted. Connect the account again where it is now.';
const emailReason =
  'This Bluesky server wants the e-mail address of this account confirmed first. Do that in Bluesky’s settings, then retry the post.';
const scopeReason =
  'SoloSpark may not post to this Bluesky account. Connect it again and allow posting, then retry the post.';
const awayReason = 'The Bluesky server is in trouble. Nothing was published; it is tried again by itself.';
const contentReason =
  'Bluesky did not accept this post. Nothing was published: see what it says, duplicate the post, change the text, the files or the settings of the copy and publish that.';
const fileReason =
  'Bluesky did not accept a file of this post: it is too large, or of another type. Duplicate the post, and publish the copy with a smaller JPEG, PNG or MP4.';
