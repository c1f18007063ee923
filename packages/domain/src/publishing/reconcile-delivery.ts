import { assertNever, messageOf } from '@solospark/foundation';
import type { Failure, ReconcileOutcome } from '@solospark/publishers';
import { MAX_AGE_MS, retryOrGiveUp, type Settlement } from '../delivery/delivery.ts';
import { failPoint } from './fail-points.ts';
import { SupersededError, type Hold } from './hold.ts';
import type { OpenedCall } from './open-call.ts';

const FIRST_ASK_AGAIN_MS = 5_000;
const LONGEST_ASK_AGAIN_MS = 10 * 60 * 1000;

/**
 * The public call may have been made: finds out whether the post is there, by the witness, without sending anything.
 * "Not there" is believed only once the earlier sender can no longer open its socket.
 */
export async function reconcileDelivery(
  hold: Hold,
  { publisher, call }: OpenedCall,
  { sendingSince }: { sendingSince: Date },
): Promise<Settlement> {
  const { claim } = hold;
  // Sent by this very claim: its call has ended. Sent by an earlier one: it may be about to be made.
  const senderGoneInMs = claim.sendingAt ? claim.senderGoneInMs : 0;
  const asked = claim.sendingAt ? claim.reconcileCount : 0;
  const outcome = await publisher
    .reconcile({ ...call, sendingSince, asked })
    .catch((error: unknown): ReconcileOutcome => {
      if (error instanceof SupersededError) throw error;
      const afterMs = Math.min(LONGEST_ASK_AGAIN_MS, FIRST_ASK_AGAIN_MS * 2 ** asked);
      return { outcome: 'ask-again', afterMs, detail: messageOf(error) };
    });
  call.log.info({ outcome: outcome.outcome, asked }, 'asked the platform');
  failPoint('after-lookup');
  switch (outcome.outcome) {
    case 'published':
      return { as: 'published', receipt: outcome.receipt };
    case 'absent':
      if (senderGoneInMs > 0) return askAgain(senderGoneInMs, 'the earlier sender may still be at it');
      return sendAgain(claim, publisher.name, outcome.unproved);
    case 'ask-again':
      if (hold.now().getTime() - sendingSince.getTime() > MAX_AGE_MS) {
        return uncertain(
          `${publisher.name} did not answer whether the post is there. Look at your account.`,
          outcome.detail,
        );
      }
      return askAgain(outcome.afterMs, outcome.detail);
    case 'cannot-tell':
      return uncertain(outcome.reason);
    default:
      return assertNever(outcome);
  }
}

/** What nobody has proved to be absent is never said to be. */
function sendAgain(claim: Hold['claim'], platform: string, unproved: string | undefined): Settlement {
  if (unproved === undefined) return retryOrGiveUp(claim, 'absent', notThere(platform));
  const settlement = retryOrGiveUp(claim, 'absent', { kind: 'unknown', actor: 'platform', reason: unproved });
  return settlement.as === 'failed' ? uncertain(unproved) : settlement;
}

function askAgain(afterMs: number, detail: string): Settlement {
  const failure: Failure = {
    kind: 'unknown',
    actor: 'platform',
    reason: 'The platform did not say clearly whether the post is out. It is being looked for.',
    detail,
  };
  return { as: 'pending', outcome: 'ask_again', afterMs, usesAttempt: false, mayBeOut: true, failure };
}

function notThere(platform: string): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${platform} did not take the post: it was looked for and is not there. It will be tried again.`,
  };
}

function uncertain(reason: string, detail?: string): Settlement {
  const failure: Failure = { kind: 'unknown', actor: 'user', reason };
  return { as: 'uncertain', failure: detail === undefined ? failure : { ...failure, detail } };
}
