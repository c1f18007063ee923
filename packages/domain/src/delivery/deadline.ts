import { sleep, type Clock } from '@solospark/foundation';
import type { Failure } from '@solospark/publishers';
import {
  attemptLimitMs,
  handBack,
  retryOrGiveUp,
  type ClaimedDelivery,
  type Settlement,
} from './delivery.ts';
import { postpone } from './expiry.ts';
import type { Lease } from './lease.ts';

// How an attempt ends before it is done: its deadline has come, its lease was lost, or its worker stops. A read from a dead
// network mount never returns, and nothing in this process can end it: the attempt is ended without it, and its delivery handed on.

/** The reason of a lease's signal when its attempt has to end. */
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

/** How long an attempt that was told to end may take to do so by itself. */
const GRACE_MS = 1_000;

/** The same while its public call, or the look-up after it, may be under way: that is never aborted. */
const SENT_GRACE_MS = 60_000;

const ASK_AGAIN_MS = 1_000;

/** The socket cannot be opened any more. What was not sent by then never will be; what may be out is asked about. */
export function interrupted(lease: Lease): Settlement {
  const { claim } = lease;
  const reason: unknown = lease.signal.reason;
  if (!(reason instanceof AttemptOverdueError)) {
    if (!lease.hasSent()) return handBack(claim, 0, { detail: 'its worker stopped, or had lost its lease' });
    return askAgain(lease, overdue('its worker stopped, or had lost its lease'));
  }
  const failure = overdue(reason.message);
  return claim.sendingAt || lease.hasSent()
    ? askAgain(lease, failure)
    : retryOrGiveUp(claim, 'retry', failure);
}

/**
 * Resolves when the attempt was told to end and has not, as when it waits for a file that never comes. Whatever it still
 * does is fenced off by the settlement that follows. `over` aborts when nobody waits for this any more.
 */
export async function whenInterrupted(lease: Lease, over: AbortSignal): Promise<'interrupted'> {
  await aborted(lease.signal);
  await sleep(GRACE_MS, over);
  const isOverdue = lease.signal.reason instanceof AttemptOverdueError;
  if (!isOverdue && (lease.hasSent() || lease.claim.sendingAt)) await sleep(SENT_GRACE_MS, over);
  return 'interrupted';
}

function askAgain(lease: Lease, failure: Failure): Settlement {
  const { claim } = lease;
  const now = lease.now();
  return postpone({ ...claim, sendingAt: claim.sendingAt ?? now }, ASK_AGAIN_MS, now, failure);
}

function overdue(detail: string): Failure {
  return {
    kind: 'unknown',
    actor: 'operator',
    reason:
      'This server was not done with the post in time: most likely it waited for its own file store. It will be tried again.',
    detail,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
