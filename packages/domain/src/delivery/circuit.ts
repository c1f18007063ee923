import { assertNever, type Logger } from '@solospark/foundation';
import type { Failure } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { giveProbeBack, recordPlatformAnswers, recordPlatformFailure } from './circuit.repository.ts';
import type { ClaimedDelivery, Settlement } from './delivery.ts';
import type { Lease } from './lease.ts';

// A circuit breaker. When a platform is down, every delivery fails, and each failure uses up a try, a call and a slot. So all
// processes pause the platform, or only the failing server of a platform that is many servers. One account may fail for
// reasons of its own, so it takes several of them to pause a platform.

/** Tells all workers whether this server of the platform works. It only decides when the next deliveries are claimed. */
export async function judgePlatform(
  ctx: Context,
  lease: Lease,
  settlement: Settlement,
  log: Logger,
): Promise<void> {
  const { claim } = lease;
  const { platform, endpoint, channel, claimedAt } = claim;
  const sign = healthSign(claim, settlement, lease.hasAsked());
  if (sign === 'answers' && claim.platformInDoubt) await recordPlatformAnswers(ctx.db, claim);
  if (sign === undefined && claim.isProbe) await giveProbeBack(ctx.db, claim);
  if (sign !== 'fails' || settlement.outcome === 'published') return;
  const reason = settlement.failure?.detail ?? settlement.failure?.reason ?? settlement.outcome;
  const failed = { platform, endpoint, channelId: channel.id, claimedAt, reason };
  const pausedUntil = await recordPlatformFailure(ctx.db, failed);
  if (!pausedUntil) return;
  log.error({ platform, endpoint, pausedUntil, reason }, 'platform paused: it fails several accounts');
}

/**
 * What the end of a claim says about its platform: it answers, it fails, or nothing. A refusal is an answer. `asked` is false
 * when the claim ended before a request to the platform was made.
 */
export function healthSign(
  claim: Pick<ClaimedDelivery, 'sendingAt'>,
  settlement: Settlement,
  asked: boolean,
): 'answers' | 'fails' | undefined {
  if (!asked) return undefined;
  if (settlement.outcome === 'published') return 'answers';
  if (isOwnFault(settlement.failure)) return undefined;
  const { outcome } = settlement;
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
      // An earlier holder sent it: that its answer is missing says more about that worker than about the platform.
      return claim.sendingAt === null ? 'fails' : undefined;
    case 'handed_back':
      return undefined;
    default:
      return assertNever(outcome);
  }
}

/** A fault of this server (a file, this process) says nothing about the platform, whatever was asked before. */
function isOwnFault(failure: Failure | null): boolean {
  if (failure === null) return false;
  const { kind, actor } = failure;
  return (
    kind === 'media_unavailable' || kind === 'media_damaged' || (kind === 'unknown' && actor === 'operator')
  );
}
