import {
  answerOrNone,
  done,
  isSuccess,
  readRefusal,
  type ErrorMapper,
  type Done,
  type Refusal,
} from './answer.ts';
import { describe } from './detail.ts';
import { MAX_LIST_BYTES, NoAnswerError, type HttpRequest, type HttpResponse } from './http.ts';
import type { LookUpCall, LookUpOutcome } from './publisher.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** How long a failing look-up is repeated before a person is asked. */
const LOOK_UP_PATIENCE_MS = 6 * 60 * MINUTE_MS;
/** The same when the platform refuses the look-up: a person has to act, and hours of waiting do not help. */
const REFUSED_LOOK_UP_PATIENCE_MS = 15 * MINUTE_MS;
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
/** The pause if a look-up took so long that the next one is already due. */
const SHORTEST_PAUSE_MS = SECOND_MS;

/** The outcomes of a look-up that learned nothing. */
export type Unread = Extract<LookUpOutcome, { outcome: 'ask_again' | 'uncertain' }>;
export type LookUp<T> = Done<T> | Unread;

/**
 * One read of a look-up. An answer that cannot be read proves nothing, so the read is repeated for a limited time. `readOther`
 * sees every answer other than a 2xx, for platforms that report "not there" as an error.
 */
export async function readOrAskAgain<T, Other = never>(
  call: LookUpCall,
  errors: ErrorMapper,
  request: HttpRequest,
  read: (response: HttpResponse) => T | undefined,
  readOther: (response: HttpResponse) => Other | undefined = () => undefined,
): Promise<LookUp<T | Other>> {
  const response = await answerOrNone(call, request);
  if (response instanceof NoAnswerError) return askLater(call, errors, response.message, null);
  const value = isSuccess(response) ? read(response) : readOther(response);
  if (value !== undefined) return done(value);
  return askLater(call, errors, describe(call, response), readRefusal(call, errors, response));
}

function askLater(call: LookUpCall, errors: ErrorMapper, detail: string, refusal: Refusal | null): Unread {
  // An unknown refusal may be over in an hour.
  const isRefused = refusal?.outcome === 'failed' && refusal.failure.kind !== 'unknown';
  const patienceMs = isRefused ? REFUSED_LOOK_UP_PATIENCE_MS : LOOK_UP_PATIENCE_MS;
  if (sinceSendingMs(call) > patienceMs) {
    return {
      outcome: 'uncertain',
      reason:
        `The post was sent, but its answer got lost, and ${errors.name} could not be asked about it since. ` +
        lookAndSay('the account'),
    };
  }
  const pauseMs = Math.min(5 * SECOND_MS * 2 ** Math.min(call.asked, 10), LONGEST_PAUSE_MS);
  const toldMs = refusal?.outcome === 'wait_until' ? refusal.until.getTime() - call.now().getTime() : 0;
  return { outcome: 'ask_again', afterMs: Math.max(pauseMs, toldMs), detail };
}

/** Asks the person to check the platform. It must not advise a new post, which could double this one. */
export function lookAndSay(where: string): string {
  return `Look at ${where} and say here whether the post is out. Once you have said that it is not, it can be retried.`;
}

/** Time since the public call may first have been made. Never negative, even if a clock is slow. */
export function sinceSendingMs(call: LookUpCall): number {
  return Math.max(0, call.now().getTime() - call.sendingSince.getTime());
}

/**
 * Milliseconds until the next of `looksAtMs` (ascending, counted from the end of the public call if known, else from the send).
 * Null if this look-up began after the last of them.
 */
export function untilNextLookMs(call: LookUpCall, looksAtMs: readonly number[]): number | null {
  const sentMs = (call.callEndedAt ?? call.sendingSince).getTime();
  const passedMs = call.lookedAt.getTime() - sentMs;
  const next = looksAtMs.find((lookAtMs) => lookAtMs > passedMs);
  return next === undefined ? null : Math.max(SHORTEST_PAUSE_MS, sentMs + next - call.now().getTime());
}

/** How much a listed post resembles the sent one. `similar` proves nothing. */
export type Likeness = 'same' | 'similar' | 'different';

export interface Search<Post> {
  found: Post | null;
  likeness: Likeness;
  /** Every post that could be ours was compared. */
  complete: boolean;
}

/** One page of a list. */
export interface Page<Post> {
  /** The posts of the page that could be ours. */
  posts: Post[];
  /** The next page; or no later page can have our post (`nothing`); or one may, but cannot be read (`out-of-reach`). */
  next: { cursor: string } | 'nothing' | 'out-of-reach';
}

/** Makes one read, and decides what a failure means: a retry before sending, another look-up afterwards. */
export type Ask<Unanswered> = <T>(
  request: HttpRequest,
  read: (response: HttpResponse) => T | undefined,
) => Promise<Done<T> | Unanswered>;

/** Searches the pages of the author's posts for the sent one, up to `maxPages`. */
export async function searchPages<Post, Unanswered extends { outcome: string }>(
  ask: Ask<Unanswered>,
  list: {
    maxPages: number;
    request(cursor: string | undefined): HttpRequest;
    read(response: HttpResponse, cursor: string | undefined): Page<Post> | undefined;
    compare(post: Post): Likeness;
  },
): Promise<Done<Search<Post>> | Unanswered> {
  let likeness: Likeness = 'different';
  let cursor: string | undefined;
  for (let page = 0; page < list.maxPages; page++) {
    const asked = await ask({ ...list.request(cursor), maxAnswerBytes: MAX_LIST_BYTES }, (response) =>
      list.read(response, cursor),
    );
    if (!isDone(asked)) return asked;
    const { posts, next } = asked.value;
    for (const post of posts) {
      const compared = list.compare(post);
      if (compared === 'same') return done({ found: post, likeness: compared, complete: true });
      if (compared === 'similar') likeness = compared;
    }
    if (typeof next === 'string') return done({ found: null, likeness, complete: next === 'nothing' });
    cursor = next.cursor;
  }
  return done({ found: null, likeness, complete: false });
}

function isDone<T>(asked: Done<T> | { outcome: string }): asked is Done<T> {
  return asked.outcome === 'done';
}
