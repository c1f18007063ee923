import type { Failure } from '@solospark/publishers';
import { MAX_AGE_MS, mayBeOutUnseen, type ClaimedDelivery, type Settlement } from './delivery.ts';

// How late a post may still go out. A "good morning" at four in the afternoon is worse than nothing, and a post that waited
// for a week is no longer what its author meant.

/** For a post whose author has set no limit. */
export const DEFAULT_LATE_LIMIT_MINUTES = 24 * 60;

/**
 * Why a delivery must fail instead of going out: its first try came later than its post allows. Undefined: it may go on. A
 * delivery that was first tried in time follows the rules of retries, and one that may be out is looked up.
 */
export function expiredBefore(
  claim: Pick<ClaimedDelivery, 'sinceDueMs' | 'triedForMs' | 'sendingAt'>,
  lateLimitMinutes: number | null,
): Failure | undefined {
  if (claim.sendingAt) return undefined;
  const firstTriedLateMs = claim.sinceDueMs - claim.triedForMs;
  const limitMs = lateLimitMs(lateLimitMinutes);
  if (firstTriedLateMs <= limitMs) return undefined;
  return {
    kind: 'unavailable',
    actor: 'operator',
    reason:
      `It was ${inWords(firstTriedLateMs)} late, and may go out ${inWords(limitMs)} late at most. Nothing was published. ` +
      'Try it again to publish it now, or write it anew for another time.',
  };
}

/**
 * How long a delivery that was tried in time may wait, where its author has set no limit. An hour more than a day: a daily
 * limit that is met just after nine ends just after nine.
 */
const DEFAULT_PATIENCE_MS = (DEFAULT_LATE_LIMIT_MINUTES + 60) * 60_000;

/** A wait for a time that has just passed must not become a tight loop. */
const SHORTEST_WAIT_MS = 1_000;

/**
 * Waits until the given time, but no longer than the post may be late. Then it is tried once more, and given up if it still
 * has to wait.
 */
export function waitOrGiveUp(
  claim: Pick<ClaimedDelivery, 'sinceDueMs' | 'lateLimitMinutes'>,
  until: Date,
  now: Date,
  failure: Failure,
): Settlement {
  const leftMs = patienceMs(claim.lateLimitMinutes) - claim.sinceDueMs;
  if (leftMs <= 0) return { outcome: 'failed', failure: waitedInVain(claim.lateLimitMinutes, failure) };
  const afterMs = Math.min(Math.max(SHORTEST_WAIT_MS, until.getTime() - now.getTime()), leftMs);
  return { outcome: 'wait_until', afterMs, usesAttempt: false, mayBeOut: false, failure };
}

/**
 * Waits because nothing can be done now, and nobody knows when. A delivery that may be out stays so: the next claim looks it
 * up first. When that was not possible for a day, a person decides.
 */
export function postpone(
  claim: Pick<ClaimedDelivery, 'sendingAt' | 'triedForMs' | 'sinceDueMs' | 'lateLimitMinutes'>,
  afterMs: number,
  now: Date,
  failure: Failure,
): Settlement {
  if (!claim.sendingAt) return waitOrGiveUp(claim, new Date(now.getTime() + afterMs), now, failure);
  if (claim.triedForMs > MAX_AGE_MS) return mayBeOutUnseen(failure);
  return { outcome: 'ask_again', afterMs, usesAttempt: false, mayBeOut: true, failure };
}

function waitedInVain(lateLimitMinutes: number | null, failure: Failure): Failure {
  const limit =
    lateLimitMinutes === null
      ? 'more than a day'
      : `longer than the ${inWords(lateLimitMs(lateLimitMinutes))} that it may be late`;
  const why = failure.actor === 'operator' ? ` It waited for this: ${failure.reason}` : '';
  return {
    ...failure,
    reason:
      `It had to wait for ${limit}, so it was given up. Nothing was published. Try it again to publish it now, or write ` +
      `it anew for another time.${why}`,
    detail: failure.detail ?? failure.reason,
  };
}

function patienceMs(lateLimitMinutes: number | null): number {
  return lateLimitMinutes === null ? DEFAULT_PATIENCE_MS : lateLimitMs(lateLimitMinutes);
}

const SHORTEST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

/**
 * Waits until its author has connected the channel again, which releases it at once, and no longer than it may be late.
 * Meanwhile it is tried at growing intervals.
 */
export function waitForAuthor(
  claim: Pick<ClaimedDelivery, 'sinceDueMs' | 'triedForMs' | 'sendingAt' | 'lateLimitMinutes'>,
  now: Date,
  failure: Failure,
): Settlement {
  const afterMs = Math.min(Math.max(SHORTEST_PAUSE_MS, claim.triedForMs), LONGEST_PAUSE_MS);
  if (claim.sendingAt) return postpone(claim, afterMs, now, failure);
  const leftMs = lateLimitMs(claim.lateLimitMinutes) - claim.sinceDueMs;
  if (leftMs <= 0) {
    const reason = `${failure.reason} It waited for that as long as it may be late, and nothing was published.`;
    return { outcome: 'failed', failure: { ...failure, reason } };
  }
  const held = {
    outcome: 'wait_until',
    usesAttempt: false,
    mayBeOut: false,
    failure,
  } as const;
  return { ...held, afterMs: Math.min(afterMs, leftMs) };
}

function lateLimitMs(lateLimitMinutes: number | null): number {
  return (lateLimitMinutes ?? DEFAULT_LATE_LIMIT_MINUTES) * 60_000;
}

/** In whole units, rounded down. */
function inWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / (24 * 60)), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
