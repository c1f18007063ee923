import type { Clock } from '@solospark/foundation';
import { attemptLimitMs, type ClaimedDelivery } from './delivery.ts';

// Every attempt has an end. A read from a dead network mount never returns, and nothing in this process can end it: so the
// attempt is ended without it, and its delivery handed on.

/** The reason of a hold's signal when its attempt has to end. */
export class AttemptOverdueError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'AttemptOverdueError';
  }
}

export interface Deadline {
  /** The attempt got a step further. */
  noteStep(): void;
  /** Why it has to end; undefined while it may go on. */
  overdue(): AttemptOverdueError | undefined;
}

/** Starts now: after `stallMs` without a step, or after its limit in all, the attempt is overdue. */
export function startDeadline(
  clock: Clock,
  claim: Pick<ClaimedDelivery, 'media'>,
  stallMs: number,
): Deadline {
  const limitMs = attemptLimitMs(claim);
  const startedMs = clock.monotonicMs();
  let lastStepMs = startedMs;
  return {
    noteStep: () => void (lastStepMs = clock.monotonicMs()),
    overdue() {
      const nowMs = clock.monotonicMs();
      if (nowMs - lastStepMs > stallMs) {
        return new AttemptOverdueError(`the attempt got no step further for ${inSeconds(stallMs)}`);
      }
      if (nowMs - startedMs > limitMs) {
        return new AttemptOverdueError(`the attempt was not done after ${inSeconds(limitMs)}`);
      }
      return undefined;
    },
  };
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
