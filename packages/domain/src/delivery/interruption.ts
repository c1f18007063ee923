import { sleep } from '@solospark/foundation';
import type { Failure } from '@solospark/publishers';
import { handBack, retryOrGiveUp, type Settlement } from './delivery.ts';
import { postpone } from './late-policy.ts';
import { AttemptOverdueError } from './deadline.ts';
import type { Hold } from './hold.ts';

// How an attempt ends whose signal has aborted: its deadline has come, its lease was lost, or its worker stops.

/** How long an attempt that was told to end may take to do so by itself. */
const GRACE_MS = 1_000;

/** The same while its public call, or the look-up after it, may be under way: that is never aborted. */
const SENT_GRACE_MS = 60_000;

const ASK_AGAIN_MS = 1_000;

/** The socket cannot be opened any more. What was not sent by then never will be; what may be out is asked about. */
export function interrupted(hold: Hold): Settlement {
  const { claim } = hold;
  const reason: unknown = hold.signal.reason;
  if (!(reason instanceof AttemptOverdueError)) {
    if (!hold.hasSent()) return handBack(claim, 0, { detail: 'its worker stopped, or had lost its lease' });
    return askAgain(hold, overdue('its worker stopped, or had lost its lease'));
  }
  const failure = overdue(reason.message);
  return claim.sendingAt || hold.hasSent() ? askAgain(hold, failure) : retryOrGiveUp(claim, 'retry', failure);
}

/**
 * Resolves when the attempt was told to end and has not, as when it waits for a file that never comes. Whatever it still
 * does is fenced off by the settlement that follows. `over` aborts when nobody waits for this any more.
 */
export async function whenInterrupted(hold: Hold, over: AbortSignal): Promise<'interrupted'> {
  await aborted(hold.signal);
  await sleep(GRACE_MS, over);
  const isOverdue = hold.signal.reason instanceof AttemptOverdueError;
  if (!isOverdue && (hold.hasSent() || hold.claim.sendingAt)) await sleep(SENT_GRACE_MS, over);
  return 'interrupted';
}

function askAgain(hold: Hold, failure: Failure): Settlement {
  const { claim } = hold;
  const now = hold.now();
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
