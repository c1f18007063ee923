import { assertNever } from '@solospark/foundation';
import type { ClaimedDelivery, Settlement } from './delivery.ts';

// When a platform is down, every try of every delivery fails, and each would use up a try, a call and a slot. So the
// platform itself is paused, by all processes. Accounts differ: it takes several of them to say that it is the platform.

/** So many channels in a row, without a clear answer to any, make a platform count as down. */
export const CHANNELS_TO_PAUSE = 3;

/** The first pause; each further one in a row is twice as long. */
export const FIRST_PAUSE_MS = 5_000;
export const LONGEST_PAUSE_MS = 2 * 60 * 1000;

/**
 * What the end of a claim says about its platform: it answers, it does not, or nothing either way. A refusal is an answer.
 * `asked` is false when the claim ended before a request to the platform was made.
 */
export function healthSign(
  claim: Pick<ClaimedDelivery, 'sendingAt'>,
  settlement: Settlement,
  asked: boolean,
): 'answers' | 'fails' | undefined {
  if (!asked) return undefined;
  if (settlement.as === 'published') return 'answers';
  // Trouble with our own files says nothing of who was to be given them, whatever was asked before.
  if (settlement.failure?.kind === 'media_unavailable' || settlement.failure?.kind === 'media_damaged')
    return undefined;
  const outcome = settlement.as === 'pending' ? settlement.outcome : settlement.as;
  switch (outcome) {
    case 'wait_until':
      // It said when to come back, or that it is still processing a video.
      return 'answers';
    case 'failed':
    case 'retry':
      return settlement.failure?.kind === 'unavailable' ? 'fails' : 'answers';
    case 'uncertain':
    case 'ask_again':
    case 'absent':
      // Sent by an earlier holder: that its answer is missing says more about that worker than about the platform.
      return claim.sendingAt === null ? 'fails' : undefined;
    case 'handed_back':
      return undefined;
    default:
      return assertNever(outcome);
  }
}
