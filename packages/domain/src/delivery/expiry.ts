import type { Failure } from '@solospark/publishers';
import { MAX_AGE_MS, mayBeOutUnseen, type ClaimedDelivery, type Settlement } from './delivery.ts';

// How late a post may still go out. "Good morning" at four in the afternoon is worse than nothing, and what waited for a
// server that was away for a week is no longer what its author meant.

/** For a post whose author has not said. */
export const DEFAULT_LATE_LIMIT_MINUTES = 24 * 60;

/**
 * Why a delivery must fail instead of going out: it was first tried later after its time than its post allows. Undefined:
 * it may go on. One that was tried in time goes on by the rules of retries, and one that may be out is asked about.
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

/** The same for what was tried in time and told to wait: a day's limit that is told just after nine ends just after nine. */
const DEFAULT_PATIENCE_MS = (DEFAULT_LATE_LIMIT_MINUTES + 60) * 60_000;

/** A time that has just passed must not become a tight loop. */
const SHORTEST_WAIT_MS = 1_000;

/**
 * Waits for the time that was named, and no longer than the post may be late: then it is looked at once more, and given up
 * if that still says to wait.
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
 * Nothing can be done about it now, and nobody knows when. What may be out stays so: the next claim asks about it before
 * anything else, and when nobody could ask for a day, a person decides.
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
 * Held until its author has connected the channel again, which lets it go at once; and no longer than it may be late.
 * Meanwhile it is looked at, more and more rarely.
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

/** In whole units, rounded down: exact enough for a person. */
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
