import { assertNever, type Logger } from '@solospark/foundation';
import { deliveryJobId } from '@solospark/queue';
import type { Context } from '../context.ts';
import type { ClaimedDelivery, Settlement } from '../delivery/delivery.ts';
import { markSuperseded, settlePosts } from '../delivery/delivery.repository.ts';
import { enqueueDeliveries } from './enqueue-deliveries.ts';
import { failPoint } from './fail-points.ts';
import { createHold, SupersededError } from './hold.ts';
import { openCall } from './open-call.ts';
import { reconcileDelivery } from './reconcile-delivery.ts';
import { sendDelivery } from './send-delivery.ts';

/**
 * Carries one claimed delivery as far as it can go now, and settles it. The steps are those of docs/architecture.md,
 * "How a post travels": a delivery that may be out already is asked about; any other is sent, once.
 */
export async function publishDelivery(
  ctx: Context,
  claim: ClaimedDelivery,
  signal: AbortSignal,
): Promise<void> {
  const log = ctx.log.child({ deliveryId: claim.id, postId: claim.postId, attempt: claim.fence });
  log.info({ platform: claim.platform, attemptsUsed: claim.attemptsUsed }, 'attempt started');
  failPoint('after-claim');
  const hold = createHold(ctx, claim, signal);
  try {
    const opened = openCall(ctx, hold, log);
    const settlement =
      'settlement' in opened
        ? opened.settlement
        : claim.sendingAt
          ? await reconcileDelivery(hold, opened, { sendingSince: claim.sendingAt })
          : await sendDelivery(ctx, hold, opened);
    await hold.settle(settlement);
    logSettlement(log, claim, settlement);
    await follow(ctx, claim, settlement);
  } catch (error) {
    if (!(error instanceof SupersededError)) throw error;
    log.warn('attempt superseded by another worker');
    await markSuperseded(ctx.db, claim);
  }
}

async function follow(ctx: Context, claim: ClaimedDelivery, settlement: Settlement): Promise<void> {
  if (settlement.as !== 'pending') return settlePosts(ctx.db, claim.postId);
  const next = { id: claim.id, platform: claim.platform, revision: claim.revision, attempt: claim.fence + 1 };
  const runAt = new Date(ctx.clock.now().getTime() + settlement.afterMs);
  await enqueueDeliveries(ctx, [{ ...next, runAt }]);
}

function logSettlement(log: Logger, claim: ClaimedDelivery, settlement: Settlement): void {
  const facts = { platform: claim.platform, sinceDueMs: Math.round(claim.sinceDueMs) };
  switch (settlement.as) {
    case 'published':
      return log.info({ ...facts, remoteId: settlement.receipt.remoteId }, 'delivery published');
    case 'failed':
    case 'uncertain': {
      const { kind, actor, reason, detail } = settlement.failure;
      return log.error({ ...facts, kind, actor, reason, detail }, `delivery ${settlement.as}`);
    }
    case 'pending': {
      const { outcome, afterMs, failure } = settlement;
      const next = deliveryJobId({
        deliveryId: claim.id,
        revision: claim.revision,
        attempt: claim.fence + 1,
      });
      return log.warn(
        { ...facts, outcome, afterMs, kind: failure?.kind, detail: failure?.detail, jobId: next },
        'delivery to be tried again',
      );
    }
    default:
      return assertNever(settlement);
  }
}
