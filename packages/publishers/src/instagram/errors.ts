import { Type } from 'typebox';
import { decode, inFuture, waitUntil, type Dialect, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { Actor, Failure, FailureKind } from '../publisher.ts';
import { pauseUntil } from '../told-time.ts';

const DAILY_LIMIT_PAUSE_MS = 30 * 60_000;
const NOT_READY_PAUSE_MS = 5_000;

/** Every error of the Graph API is HTTP 400, throttling included: only `code` and `error_subcode` tell them apart. */
const GraphError = Type.Object({
  error: Type.Object({
    code: Type.Number(),
    error_subcode: Type.Optional(Type.Number()),
    message: Type.Optional(Type.String()),
  }),
});

type Meaning = (response: HttpResponse | null, now: Date) => Refusal;

const THROTTLED_CODES = [4, 17, 32, 613, 80001, 80002];

/** Subcodes decide where they are known; they also stand in the `status` of a container that failed. */
const bySubcode = new Map<number, Meaning>([
  ...each([2207001, 2207008, 2207020, 2207032, 2207053, 2207006], () => again()),
  ...each([2207003, 2207052], () => unfetched()),
  [2207027, (_, now) => notReady(now)],
  [2207042, (_, now) => dailyLimit(now)],
  [2207050, () => failed('rejected_account', 'user', restrictedReason)],
  [2207051, () => failed('rejected_content', 'user', spamReason)],
  ...each([2207004, 2207005, 2207009], () => failed('rejected_content', 'user', imageReason)),
  [2207026, () => failed('rejected_content', 'user', videoReason)],
  [2207057, () => failed('rejected_content', 'user', coverReason)],
  ...each([2207010, 2207023, 2207028, 2207035, 2207036, 2207037, 2207038, 2207039, 2207040], () =>
    failed('rejected_content', 'user', contentReason),
  ),
]);

const byCode = new Map<number, Meaning>([
  ...each(THROTTLED_CODES, (response, now) => throttled(response, now)),
  ...each([-2, -1, 1, 2, 24], () => again()),
  [9004, () => unfetched()],
  [9, (_, now) => dailyLimit(now)],
  [9007, (_, now) => notReady(now)],
  [10, () => failed('rejected_account', 'user', permissionReason)],
  [25, () => failed('rejected_account', 'user', restrictedReason)],
  [190, () => failed('auth_expired', 'user', expiredReason)],
  [352, () => failed('rejected_content', 'user', videoReason)],
  ...each([36000, 36001, 36003], () => failed('rejected_content', 'user', imageReason)),
  ...each([100, 36004], () => failed('rejected_content', 'user', contentReason)),
]);

export const dialect: Dialect = {
  name: 'Instagram',
  readRefusal(response, now) {
    if (response.status === 429) return throttled(response, now);
    const error = decode(GraphError, response)?.error;
    if (!error) return null;
    // "Does not exist, or no permission": also said, for a while, of objects that do exist. Never a proof of absence.
    if (error.code === 100 && error.error_subcode === 33) return again();
    if (error.code >= 200 && error.code <= 299) return failed('rejected_account', 'user', permissionReason);
    const meaning = bySubcode.get(error.error_subcode ?? 0) ?? byCode.get(error.code);
    return meaning?.(response, now) ?? null;
  },
};

/** `media_publish` came too early. The one error of it that is taken at its word: the container is not ready. */
export function isNotReady(response: HttpResponse): boolean {
  return decode(GraphError, response)?.error.code === 9007;
}

/** A container that the call names has expired, cannot be found, or may not be used. */
export function isContainerLost(response: HttpResponse): boolean {
  const error = decode(GraphError, response)?.error;
  return error?.code === 24 || error?.error_subcode === 2207020;
}

/** They are made anew, which uses an attempt. */
export function childrenLost(detail: string): Refusal {
  const refusal = again();
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

/** Why a container failed, from the sentence in its `status`; a new container is worth a try when that says nothing. */
export function readContainerFailure(status: string | undefined, now: Date): Refusal {
  const subcode = Number(/\b2207\d{3}\b/.exec(status ?? '')?.[0]);
  const refusal = bySubcode.get(subcode)?.(null, now) ?? again();
  return { ...refusal, failure: { ...refusal.failure, detail: (status ?? 'no status given').slice(0, 200) } };
}

function failed(kind: FailureKind, actor: Actor, reason: string): Refusal {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

function again(): Refusal {
  const reason =
    'Instagram could not process an image or a video just now. Nothing was published; it is tried again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason } };
}

/** The link worked when it was tried from here: what is between the two is in doubt, and neither Instagram nor the file. */
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
  return waitUntil(inFuture(now, DAILY_LIMIT_PAUSE_MS), { kind: 'rate_limited', actor: 'platform', reason });
}

function throttled(response: HttpResponse | null, now: Date): Refusal {
  const headers = response?.headers ?? new Headers();
  const seconds = regainMinutes(headers.get('x-business-use-case-usage')) * 60;
  const until = pauseUntil(headers, now, seconds > 0 ? String(seconds) : null);
  const reason = 'Instagram asks to slow down. The post waits and goes out by itself.';
  return waitUntil(until, { kind: 'rate_limited', actor: 'platform', reason });
}

/** `{"<id>":[{"estimated_time_to_regain_access":<minutes>,…}]}`; anything else is no information. */
function regainMinutes(header: string | null): number {
  const found = [...(header ?? '').matchAll(/"estimated_time_to_regain_access"\s*:\s*(\d{1,5})/g)];
  return Math.max(0, ...found.map((match) => Number(match[1])));
}

function each(codes: number[], meaning: Meaning): [number, Meaning][] {
  return codes.map((code) => [code, meaning]);
}

const expiredReason = 'Instagram no longer accepts this connection. Connect the Instagram account again.';
const permissionReason =
  'SoloSpark may not publish to this Instagram account. Connect it again and allow publishing, then retry the post.';
const restrictedReason =
  'Instagram has restricted this account. Open Instagram to see what it asks for, then retry the post.';
const spamReason =
  'Instagram blocked this as possible spam. Wait some hours or change the post, then post it anew.';
const imageReason =
  'Instagram does not accept an image of this post (its size, format or proportions). Create a new post with another one.';
const videoReason =
  'Instagram does not accept a video of this post (its format, length or size). Create a new post with another one.';
const coverReason =
  'Instagram cannot take the cover of this reel from there: its offset has to be before the end of the video. Post it anew.';
const contentReason =
  'Instagram does not accept this post. Change its text, images or videos and post it anew.';
