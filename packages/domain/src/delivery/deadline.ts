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

// How an attempt ends before it is done: it is overdue, its lease was lost, or its worker stops. A read from a dead network
// mount never returns, and nothing in this process can end it: the attempt is given up, and its delivery is handed on.

/** The abort reason of a lease's signal when its attempt is overdue. */
export class AttemptOverdueError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'AttemptOverdueError';
  }
}

export interface Deadline {
  /** The attempt made a step forward. */
  noteStep(): void;
  /** Why the attempt has to end; undefined while it may go on. */
  overdue(): AttemptOverdueError | undefined;
}

/** Starts now. The attempt is overdue after `stallMs` without a step, or after its limit in all. */
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

/** How long an attempt that was told to end may take to end by itself. */
const GRACE_MS = 1_000;

/** The same while its public call, or the look-up after it, may be running: those are never aborted. */
const SENT_GRACE_MS = 60_000;

const ASK_AGAIN_MS = 1_000;

/**
 * Settles an interrupted attempt. It cannot open a socket any more: what was not sent is never sent, and what may be out is
 * looked up.
 */
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
 * Resolves when the attempt was told to end and has not ended, for example because it waits for a file that never comes. The
 * settlement that follows fences off whatever it still does. `over` ends the waiting.
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
