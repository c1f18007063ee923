import { assertNever, messageOf } from '@solospark/foundation';
import type { Failure, LookUpOutcome } from '@solospark/publishers';
import {
  isPending,
  landedBy,
  MAX_AGE_MS,
  PUBLIC_CALL_TIMEOUT_MS,
  retryOrGiveUp,
  SEND_WINDOW_MS,
  type Settlement,
} from './delivery.ts';
import { reach } from './steps.ts';
import { SupersededError } from './lease.ts';
import type { Attempt } from './open-attempt.ts';

const FIRST_ASK_AGAIN_MS = 5_000;
const LONGEST_ASK_AGAIN_MS = 10 * 60 * 1000;

/** The public call that is looked up. */
interface Sending {
  sendingSince: Date;
  /** When the call ended, as its sender recorded it. Missing: the sender ended before it could record that. */
  callEndedAt?: Date | null;
}

/**
 * The public call may have been made: finds out by the evidence whether the post is there, without sending anything. "Not
 * there" is believed only once the earlier sender can no longer open its socket. It counts as a proof, and is reported, only
 * if the look-up began after the last moment at which the call could land.
 */
export async function lookUpDelivery(attempt: Attempt, sending: Sending): Promise<Settlement> {
  const { claim, publisher, call } = attempt;
  const { sendingSince, callEndedAt } = sending;
  // The time of the look-up itself: this process may be stopped between the look-up and its conclusion.
  const lookedAt = attempt.now();
  // The call of this very claim has ended. The call of an earlier claim may still be about to start.
  const isOwn = claim.sendingAt?.getTime() !== sendingSince.getTime();
  const senderGoneInMs = isOwn ? 0 : claim.senderGoneInMs;
  const asked = isOwn ? 0 : claim.lookUpCount;
  const landed = isOwn ? endOf(sending) : landedBy(claim);
  const own = isOwn && callEndedAt ? { callEndedAt } : {};
  const outcome = await publisher
    .lookUp({ ...call, sendingSince, ...(callEndedAt && { callEndedAt }), asked })
    .catch((error: unknown): LookUpOutcome => {
      if (error instanceof SupersededError) throw error;
      const afterMs = Math.min(LONGEST_ASK_AGAIN_MS, FIRST_ASK_AGAIN_MS * 2 ** asked);
      return { outcome: 'ask_again', afterMs, detail: messageOf(error) };
    });
  call.log.info({ outcome: outcome.outcome, asked }, 'asked the platform');
  reach('after-lookup');
  switch (outcome.outcome) {
    case 'published':
      return { outcome: 'published', receipt: outcome.receipt };
    case 'absent':
      if (senderGoneInMs > 0) return ask(senderGoneInMs, 'the earlier sender may still be sending it');
      return sendAgain(outcome.unproved);
    case 'ask_again':
      if (attempt.now().getTime() - sendingSince.getTime() > MAX_AGE_MS) {
        return uncertain(
          `${publisher.name} did not answer whether the post is there. Look at your account.`,
          outcome.detail,
        );
      }
      return ask(outcome.afterMs, outcome.detail);
    case 'uncertain':
      return uncertain(outcome.reason);
    default:
      return assertNever(outcome);
  }

  function ask(afterMs: number, detail: string): Settlement {
    return { ...askAgain(afterMs, detail), ...own };
  }

  /** Sends it again. Its absence is reported only if it is proved. */
  function sendAgain(unproved: string | undefined): Settlement {
    const landsInMs = landed.getTime() - lookedAt.getTime();
    if (unproved === undefined && landsInMs <= 0)
      return retryOrGiveUp(claim, 'absent', notThere(publisher.name));
    const reason = unproved ?? notFoundYet(publisher.name);
    const settlement = retryOrGiveUp(claim, 'absent', { kind: 'unknown', actor: 'platform', reason });
    if (isPending(settlement)) return { ...settlement, ...own, mayBeOut: true, absenceUnproved: true };
    return unproved === undefined ? ask(landsInMs, 'its call may still land') : uncertain(unproved);
  }
}

/** The last moment at which this claim's own call can have landed. */
function endOf({ sendingSince, callEndedAt }: Sending): Date {
  const windowMs = sendingSince.getTime() + SEND_WINDOW_MS + PUBLIC_CALL_TIMEOUT_MS;
  return new Date(Math.max(windowMs, callEndedAt?.getTime() ?? 0));
}

function askAgain(afterMs: number, detail: string): Settlement {
  const failure: Failure = {
    kind: 'unknown',
    actor: 'platform',
    reason: 'The platform did not say clearly whether the post is out. It is being looked for.',
    detail,
  };
  return { outcome: 'ask_again', afterMs, usesAttempt: false, mayBeOut: true, failure };
}

function notThere(platform: string): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${platform} did not take the post: it was looked for and is not there. It will be tried again.`,
  };
}

function notFoundYet(platform: string): string {
  return (
    `${platform} did not answer clearly, and does not show the post yet. It is sent once more; should both arrive, ` +
    'they are one post.'
  );
}

function uncertain(reason: string, detail?: string): Settlement {
  const failure: Failure = { kind: 'unknown', actor: 'user', reason };
  return { outcome: 'uncertain', failure: detail === undefined ? failure : { ...failure, detail } };
}
