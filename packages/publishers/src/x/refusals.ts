import { inFuture } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { again, failed, waits, type Refusal } from '../refusals.ts';
import { pauseUntil, valuesOf } from '../told-time.ts';
import type { Problem } from './problem.ts';

const PAUSE_WITHOUT_CREDIT_MS = 15 * 60_000;
const DAILY_LIMIT_PAUSE_MS = 60 * 60_000;

type Meaning = (response: HttpResponse, now: Date) => Refusal;

interface Row {
  /** In `errors[]`. From "Error codes" of X's older reference; v2 still sends them. */
  codes: readonly number[];
  /** The end of `type`. From "Response codes and errors", problem types. */
  types?: RegExp;
  /** In `detail`, `title`, `reason` or a message. From users' reports if X's documents show none. */
  words?: RegExp;
  meaning: Meaning;
}

/**
 * Who has to act: the author, the platform or the operator. Matched by code, then type, then words; the first match wins. Other
 * refusals stay unknown: X says "You are not permitted to perform this action" about long texts and about accounts alike.
 */
const rows: readonly Row[] = [
  {
    // 87 not permitted to act, 93 no direct messages, 135 clock, 220 no access, 251 retired, 261 no write actions, 415 callback,
    // 416 app suspended, 453 a subset of the API only
    codes: [68, 87, 92, 93, 135, 220, 239, 251, 261, 415, 416, 417, 453],
    types:
      /client-forbidden|unsupported-authentication|oauth1-permissions|client-disconnected|not-authorized-for-field/,
    words:
      /\bapp(lication)? permissions?\b|\b(client|developer) app\b|\bapplication cannot\b|\b(suspended|disabled) (app|application|client)\b|\bapplication (is|has been) (suspended|disabled)|attached to a project|client[- ]not[- ]enrolled|access to a subset|application-only|read-only application/i,
    meaning: () => failed('misconfigured', 'operator', appReason),
  },
  {
    codes: [32, 89, 99, 215],
    words: /invalid or expired token|could not authenticate/i,
    meaning: () => expired(),
  },
  {
    codes: [],
    words: /\bscopes?\b/i,
    meaning: () => failed('rejected_account', 'user', scopeReason),
  },
  {
    codes: [63, 64],
    types: /user-suspended/,
    words: /\bsuspend/i,
    meaning: () => failed('rejected_account', 'user', suspendedReason),
  },
  {
    codes: [231, 326],
    words: /\block(ed)?\b|verify (your|this) (account|identity|login)|must verify/i,
    meaning: () => failed('rejected_account', 'user', lockedReason),
  },
  {
    codes: [226],
    words: /\bautomated\b/i,
    meaning: () => failed('rejected_account', 'user', automatedReason),
  },
  {
    codes: [185, 344],
    words: /daily (status update |post |tweet )?limit|limit for (sending|posting) .*(tweets|posts)/i,
    meaning: (response, now) => overDailyLimit(response, now),
  },
  { codes: [88], meaning: (response, now) => throttled(response, now) },
  {
    codes: [],
    types: /usage-capped|\/credits?\b/,
    words: /usage ?cap|\bcredits? ?(are |is )?(depleted|exhausted|used up)|spend(ing)? ?(cap|limit)/i,
    meaning: (_, now) => outOfCredit(now),
  },
  {
    codes: [130, 131],
    words: /over capacity|internal error/i,
    meaning: () => again(awayReason),
  },
  {
    codes: [],
    words:
      /\baccount\b.{0,60}\b(not (be )?(permitted|allowed)|restricted|limited|deactivated|disabled|read-only)\b|\b(verify|confirm) your (e-?mail|phone)/i,
    meaning: () => failed('rejected_account', 'user', accountReason),
  },
  {
    codes: [186],
    words: /too long\b(?!.*video)|\bshorter\b|character limit|characters? (is|are) allowed/i,
    meaning: () => failed('rejected_content', 'user', tooLongReason),
  },
  {
    codes: [323, 324, 325, 386],
    words: /\b(media|video|gif|image|photo)s?\b/i,
    meaning: () => fileRefused(),
  },
  {
    codes: [407],
    words: /\b(invalid|malicious|unsafe|harmful|blocked) (url|link)|\bmalware\b|cashtag|hashtag/i,
    meaning: () => failed('rejected_content', 'user', textReason),
  },
  {
    codes: [170],
    words: /[`'"]?\btext\b[`'"]?/i,
    meaning: () => failed('rejected_content', 'user', textReason),
  },
];

/** Null: no row matches. */
export function readProblem(problem: Problem, response: HttpResponse, now: Date): Refusal | null {
  const row =
    rows.find(({ codes }) => codes.some((code) => problem.codes.includes(code))) ??
    rows.find(({ types }) => types?.test(problem.type)) ??
    rows.find(({ words }) => problem.words.some((said) => words?.test(said)));
  return row?.meaning(response, now) ?? null;
}

export function fileRefused(): Refusal {
  return failed('rejected_content', 'user', mediaReason);
}

export function expired(): Refusal {
  return failed('auth_expired', 'user', 'X no longer accepts this connection. Connect the X account again.');
}

/** The operator buys credit for all authors at once, so their posts wait for it instead of failing one by one. */
export function outOfCredit(now: Date): Refusal {
  const refusal = waits(
    inFuture(now, PAUSE_WITHOUT_CREDIT_MS),
    'The X credit of this SoloSpark is used up. The post waits and goes out by itself once whoever runs SoloSpark has added credit.',
    'platform',
  );
  return { ...refusal, failure: { ...refusal.failure, kind: 'quota_exhausted', actor: 'operator' } };
}

export function throttled(response: HttpResponse, now: Date): Refusal {
  const until = pauseUntil(response.headers, now, ...resetsOf(response.headers));
  const limits = isUsedUp(response.headers, APP_WINDOW) ? 'platform' : 'account';
  return waits(until, 'X asks to slow down. The post waits and goes out by itself.', limits);
}

/** If X tells a time, it is in the 24-hour headers. */
function overDailyLimit(response: HttpResponse, now: Date): Refusal {
  const told = pauseUntil(response.headers, now, ...resetsOf(response.headers));
  const until = new Date(Math.max(told.getTime(), inFuture(now, DAILY_LIMIT_PAUSE_MS).getTime()));
  return waits(
    until,
    'This X account has used up its posts for the day. The post waits and goes out by itself.',
  );
}

/** The reset times of the windows that are used up (15 minutes, and two of 24 hours), in epoch seconds. */
function resetsOf(headers: Headers): (string | null)[] {
  return ['x-rate-limit', APP_WINDOW, 'x-user-limit-24hour']
    .filter((window) => window === 'x-rate-limit' || isUsedUp(headers, window))
    .map((window) => headers.get(`${window}-reset`));
}

/** The app's window, for all accounts. */
const APP_WINDOW = 'x-app-limit-24hour';

function isUsedUp(headers: Headers, window: string): boolean {
  return valuesOf(headers.get(`${window}-remaining`)).some((left) => left !== '' && Number(left) <= 0);
}

const appReason =
  "X does not accept SoloSpark's app for this. Whoever runs SoloSpark has to check the app's permissions and plan in X's developer portal; then retry the post.";
const scopeReason =
  'SoloSpark may not post to this X account. Connect it again and allow posting, then retry the post.';
const suspendedReason =
  'X has suspended this account. Sign in to X to see why; when the account is back, retry the post.';
const lockedReason =
  'X has locked this account for the moment. Sign in to X and do what it asks for, then retry the post.';
const automatedReason =
  'X took this for automated posting and does not let the account post just now. Sign in to X to see whether it asks for something; retry the post in some hours.';
const accountReason = 'X does not let this account do this. Sign in to X to see why, then retry the post.';
const awayReason = 'X is overloaded. Nothing was published; it is tried again by itself.';
const tooLongReason =
  'X says that the text is too long for this account. Nothing was published: duplicate the post, shorten the copy and publish that.';
const mediaReason =
  'X does not accept a file of this post. Nothing was published: see what X says of it, duplicate the post and publish the copy with another one.';
const textReason =
  'X does not accept the text of this post. Nothing was published: see what X says of it, duplicate the post, change the copy and publish that.';
