import type { Failure } from '@solospark/publishers';
import type { ClaimedDelivery } from './delivery.ts';

// How late a post may still go out. "Good morning" at four in the afternoon is worse than nothing, and what waited for a
// server that was away for a week is no longer what its author meant.

/** For a post whose author has not said. */
export const DEFAULT_LATE_LIMIT_MINUTES = 24 * 60;

/**
 * Why a delivery must fail instead of going out: it was first tried later after its time than its post allows. Undefined:
 * it may go on. One that was tried in time goes on by the rules of retries, and one that may be out is asked about.
 */
export function tooLate(
  claim: Pick<ClaimedDelivery, 'sinceDueMs' | 'triedForMs' | 'sendingAt'>,
  lateLimitMinutes: number | null,
): Failure | undefined {
  if (claim.sendingAt) return undefined;
  const firstTriedLateMs = claim.sinceDueMs - claim.triedForMs;
  const limitMs = (lateLimitMinutes ?? DEFAULT_LATE_LIMIT_MINUTES) * 60_000;
  if (firstTriedLateMs <= limitMs) return undefined;
  return {
    kind: 'unavailable',
    actor: 'operator',
    reason:
      `It was ${inWords(firstTriedLateMs)} late, and may go out ${inWords(limitMs)} late at most. Nothing was published. ` +
      'Try it again to publish it now, or write it anew for another time.',
  };
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
