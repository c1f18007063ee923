import type { HttpResponse } from '../http.ts';
import { inFuture, waitUntil } from '../answer.ts';
import type { Failure, WaitUntil } from '../publisher.ts';
import { again, failed, waits, type Refusal } from '../refusals.ts';
import { pauseUntil } from '../told-time.ts';
import type { GraphError } from './graph-error.ts';

const DAILY_LIMIT_PAUSE_MS = 30 * 60_000;
const NOT_READY_PAUSE_MS = 5_000;

type Meaning = (response: HttpResponse | null, now: Date) => Refusal;

interface Row {
  /** From "Error codes" of the Instagram platform. The `status` of a failed container contains them too. */
  subcodes?: readonly number[];
  /** From "Handling errors" of the Graph API, and from its older list of codes. */
  codes?: readonly number[];
  /** For codes that can mean anything, such as 100. */
  words?: RegExp;
  meaning: Meaning;
}

/** Who has to act: the author, the platform or the operator. Matched by subcode, then code, then words; the first match wins. */
const rows: readonly Row[] = [
  {
    subcodes: [2207001, 2207006, 2207008, 2207020, 2207032, 2207053, 2207082],
    codes: [-2, -1, 1, 2, 24],
    meaning: () => mediaAgain(),
  },
  // 2207077: a video could not be downloaded (users' reports).
  {
    subcodes: [2207003, 2207052, 2207077],
    codes: [9004],
    words: /download (has )?(failed|timed out)|could not be (fetched|downloaded)|media ur[il]\b/i,
    meaning: () => unfetched(),
  },
  { subcodes: [2207027], codes: [9007], meaning: (_, now) => notReady(now) },
  { subcodes: [2207042], codes: [9], meaning: (_, now) => dailyLimit(now) },
  {
    subcodes: [2207050],
    codes: [25],
    words: /account .{0,40}(restricted|inactive|checkpoint|disabled|blocked)/i,
    meaning: () => failed('rejected_account', 'user', restrictedReason),
  },
  { subcodes: [2207051], meaning: () => failed('rejected_content', 'user', spamReason) },
  // "Temporarily blocked for policies violations" is about the account, not about this post.
  {
    codes: [368],
    words: /temporarily blocked/i,
    meaning: () => failed('rejected_account', 'user', blockedReason),
  },
  { subcodes: [459, 464, 490, 492], meaning: () => failed('auth_expired', 'user', signInReason) },
  {
    subcodes: [452, 458, 460, 461, 463, 465, 466, 467],
    codes: [102, 190, 450, 452, 458, 459, 460, 463, 464, 467, 2500],
    words: /access token|session .{0,40}(invalidated|expired)|not authorized (the )?app/i,
    meaning: () => expired(),
  },
  {
    codes: [10, 294, 298, 299],
    words:
      /(missing|requires?|without|not granted|enough) .{0,40}permission|permission .{0,40}(denied|missing|required)/i,
    meaning: () => failed('rejected_account', 'user', permissionReason),
  },
  {
    words: /not (an? )?(instagram )?(business|professional|creator)/i,
    meaning: () => failed('rejected_account', 'user', professionalReason),
  },
  // API method, deprecated API, API key, signature, redirect address, version, app disabled or in development.
  {
    codes: [3, 11, 12, 101, 104, 191, 2635, 2636],
    words:
      /\bcapability\b|\bapp(lication)? (is|has been|was) |\bapp (id|secret)\b|deprecated version|api version/i,
    meaning: () => failed('misconfigured', 'operator', appReason),
  },
  // "Application request limit reached" is about all accounts of the app.
  { codes: [4], meaning: (response, now) => throttled(response, now, 'platform') },
  {
    codes: [17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014],
    words: /(request|rate|call) limit|too many calls/i,
    meaning: (response, now) => throttled(response, now),
  },
  { codes: [506], words: /duplicate/i, meaning: () => failed('rejected_content', 'user', duplicateReason) },
  {
    subcodes: [2207004, 2207005, 2207009],
    codes: [36000, 36001, 36003],
    words: /aspect ratio|\bimage (size|format|is)/i,
    meaning: () => failed('rejected_content', 'user', imageReason),
  },
  {
    subcodes: [2207026, 2207076, 2207085],
    codes: [352],
    words: /\bvideo\b/i,
    meaning: () => failed('rejected_content', 'user', videoReason),
  },
  {
    subcodes: [2207057],
    words: /thumb(nail)?.?offset/i,
    meaning: () => failed('rejected_content', 'user', coverReason),
  },
  {
    subcodes: [
      ...[2207010, 2207018, 2207023, 2207028, 2207035, 2207036, 2207037, 2207038, 2207039, 2207040, 2207067],
      2207081,
    ],
    codes: [36004, 1609005],
    words: /\bcaption\b|hashtag|\bmention|\btags?\b|carousel|\battachments?\b|collaborator|media type/i,
    meaning: () => failed('rejected_content', 'user', contentReason),
  },
];

/** Null: no row matches. */
export function readGraphError(
  { code, subcode, words }: GraphError,
  response: HttpResponse,
  now: Date,
): Refusal | null {
  // "Does not exist, or no permission" is sometimes said of objects that do exist, so it never proves absence.
  if (code === 100 && subcode === 33) return mediaAgain();
  const bySubcode = rowOf(subcode);
  if (bySubcode) return bySubcode.meaning(response, now);
  // The app itself can lack permission. Then the words say so, and the author cannot fix it.
  if (
    code === 10 &&
    words.some((said) => /\bapp (must|has to|needs to)\b|development mode|app review/i.test(said))
  )
    return failed('misconfigured', 'operator', appReason);
  if (code >= 200 && code <= 299) return failed('rejected_account', 'user', permissionReason);
  const row =
    rows.find(({ codes = [] }) => codes.includes(code)) ??
    rows.find((listed) => words.some((said) => listed.words?.test(said)));
  return row?.meaning(response, now) ?? null;
}

/** For a failed container: its status names only a subcode. */
export function readSubcode(subcode: number, now: Date): Refusal | null {
  return rowOf(subcode)?.meaning(null, now) ?? null;
}

function rowOf(subcode: number): Row | undefined {
  return rows.find(({ subcodes = [] }) => subcodes.includes(subcode));
}

export function mediaAgain(): Refusal {
  return again(
    'Instagram could not process an image or a video just now. Nothing was published; it is tried again by itself.',
  );
}

/** This server has tried the link with success, so the fault is probably in the network between the two. */
function unfetched(): Refusal {
  const reason =
    'Instagram could not fetch a file of this post from this server, where it can be fetched. Nothing was published; it ' +
    'is tried again by itself. If that goes on, ask whoever runs this server whether PUBLIC_URL can be reached from ' +
    'outside.';
  return { outcome: 'retry', failure: { kind: 'media_unavailable', actor: 'operator', reason } };
}

export function notReady(now: Date, afterMs: number = NOT_READY_PAUSE_MS): Refusal {
  const reason =
    'Instagram is still processing the images or videos. The post goes out by itself as soon as that is done.';
  const failure: Failure = { kind: 'unavailable', actor: 'platform', reason };
  return waitUntil(inFuture(now, afterMs), failure);
}

export function dailyLimit(now: Date): Refusal {
  const reason =
    'This Instagram account has used up its posts for 24 hours. The post waits and goes out by itself.';
  return waits(inFuture(now, DAILY_LIMIT_PAUSE_MS), reason);
}

export function expired(): Refusal {
  return failed('auth_expired', 'user', expiredReason);
}

export function throttled(
  response: HttpResponse | null,
  now: Date,
  limits: WaitUntil['limits'] = 'account',
): Refusal {
  const headers = response?.headers ?? new Headers();
  const seconds = regainMinutes(headers.get('x-business-use-case-usage')) * 60;
  const until = pauseUntil(headers, now, seconds > 0 ? String(seconds) : null);
  return waits(until, 'Instagram asks to slow down. The post waits and goes out by itself.', limits);
}

/** Reads `{"<id>":[{"estimated_time_to_regain_access":<minutes>,…}]}`; 0 for anything else. */
function regainMinutes(header: string | null): number {
  const found = [...(header ?? '').matchAll(/"estimated_time_to_regain_access"\s*:\s*"?(\d{1,5})(?!\d)/g)];
  return Math.max(0, ...found.map((match) => Number(match[1])));
}

const expiredReason = 'Instagram no longer accepts this connection. Connect the Instagram account again.';
const signInReason =
  'Instagram wants you to sign in and confirm something first. Sign in to Instagram, do what it asks for, and connect the account again.';
const permissionReason =
  'SoloSpark may not publish to this Instagram account. Connect it again and allow publishing, then retry the post.';
const professionalReason =
  'Instagram takes posts only from professional accounts (business or creator). Switch the account over in Instagram’s settings, and connect it again.';
const restrictedReason =
  'Instagram has restricted this account. Open Instagram to see what it asks for, then retry the post.';
const blockedReason =
  'Instagram has blocked this account from posting for the moment, because of its rules. Open Instagram to see why; retry the post when the block is over.';
const appReason =
  "Instagram does not accept SoloSpark's app for this. Whoever runs SoloSpark has to check the app in Meta's developer dashboard; then retry the post.";
const spamReason =
  'Instagram blocked this as possible spam. Wait some hours, then retry the post; or duplicate it and change the copy.';
const duplicateReason =
  'Instagram refuses the same post twice in a row. Nothing was published: duplicate the post, change the copy and publish that.';
const imageReason =
  'Instagram does not accept an image of this post (its size, format or proportions). Create a new post with another one.';
const videoReason =
  'Instagram does not accept a video of this post (its format, length or size). Create a new post with another one.';
const coverReason =
  'Instagram cannot take the cover of this reel from there: its offset has to be before the end of the video. Duplicate the post, change that in the copy and publish it.';
const contentReason =
  'Instagram does not accept this post. Nothing was published: see what it says, duplicate the post, change the text, images or videos of the copy and publish that.';
