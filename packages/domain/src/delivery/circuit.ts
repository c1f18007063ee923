import { assertNever } from '@solospark/foundation';
import type { ClaimedDelivery, Settlement } from './delivery.ts';

// When a platform is down, every try of every delivery fails, and each would use up a try, a call and a slot. So the
// platform itself is paused, by all processes. Accounts differ: it takes several of them to say that it is the platform.

/** So many channels in a row, without a clear answer to any, make a platform count as down. */
export const CHANNELS_TO_PAUSE = 3;

/** The first pause; each further one in a row is twice as long. */
export const FIRST_PAUSE_MS = 5_000;
export const LONGEST_PAUSE_MS = 2 * 60 * 1000;

/** What the end of a claim says about its platform: it answers, it does not, or nothing either way. */
export function healthSign(
  claim: Pick<ClaimedDelivery, 'sendingAt'>,
  settlement: Settlement,
): 'answers' | 'fails' | undefined {
  // Sent by an earlier holder: that its answer is missing says more about that worker than about the platform.
  const sentByThis = claim.sendingAt === null;
  switch (settlement.as) {
    case 'published':
      return 'answers';
    case 'uncertain':
      return sentByThis ? 'fails' : undefined;
    case 'failed':
      return settlement.failure.kind === 'unavailable' && settlement.failure.actor === 'platform'
        ? 'fails'
        : undefined;
    case 'pending':
      if (settlement.outcome === 'retry')
        return settlement.failure?.kind === 'unavailable' ? 'fails' : undefined;
      if (settlement.outcome === 'ask_again' || settlement.outcome === 'absent')
        return sentByThis ? 'fails' : undefined;
      return undefined;
    default:
      return assertNever(settlement);
  }
}
