import { assertNever, messageOf, type Logger } from '@solospark/foundation';
import { deliveryJobId } from '@solospark/queue';
import { withRetry } from '@solospark/db';
import { linkAt } from '../channel/place.ts';
import { handBack, stillInDoubt, withTime, type ClaimedDelivery, type Settlement } from './delivery.ts';
import { healthSign } from './circuit.ts';
import { giveProbeBack, recordPlatformAnswers, recordPlatformFailure } from './circuit.repository.ts';
import { settlePost } from './settle-posts.repository.ts';
import { markSuperseded, recordReceipt } from './hold.repository.ts';
import { tooLate, waitOrGiveUp } from './late-policy.ts';
import { giveTokensBack } from './rate-limit.repository.ts';
import { enqueueDeliveries } from './enqueue-deliveries.ts';
import { reach } from './steps.ts';
import { showFailedDelivery } from './show-failed-delivery.ts';
import { createHold, SupersededError, type Hold } from './hold.ts';
import { interrupted, whenInterrupted } from './interruption.ts';
import { openCall, type OpenedCall } from './open-call.ts';
import { reconcileDelivery } from './reconcile-delivery.ts';
import { findLimit } from './take-rate.ts';
import { sendDelivery } from './send-delivery.ts';
import type { Context } from '../context.ts';

/**
 * Carries one claimed delivery as far as it can go now, and settles it. The steps are those of docs/architecture.md,
 * "How a post travels": a delivery that may be out already is asked about; any other is sent, once. `onAnswer` is called
 * when the platform is done with it, or the attempt was told to end by `signal` and did not; `noteStep` at each step.
 */
export async function publishDelivery(
  ctx: Context,
  claim: ClaimedDelivery,
  signal: AbortSignal,
  onAnswer: () => void,
  noteStep: () => void = () => undefined,
): Promise<void> {
  const log = ctx.log.child({ deliveryId: claim.id, postId: claim.postId, attempt: claim.fence });
  log.info({ platform: claim.platform, attemptsUsed: claim.attemptsUsed }, 'attempt started');
  reach('after-claim');
  const hold = createHold(ctx, claim, signal, noteStep);
  try {
    const settlement = withTime(await advanceOrGiveUp(ctx, hold, log));
    onAnswer();
    await hold.settle(settlement);
    logSettlement(log, claim, settlement);
    await follow(ctx, claim, settlement);
    await judgePlatform(ctx, hold, settlement, log);
  } catch (error) {
    if (!(error instanceof SupersededError)) throw error;
    log.warn('attempt superseded by another worker');
    await markSuperseded(ctx.db, claim);
  } finally {
    if (!hold.hasSent()) await giveTokensBack(ctx.db, hold.tokens.splice(0));
  }
}

/** Ends with the attempt; or without it, when it was told to end and does not: nothing in this process can stop it. */
async function advanceOrGiveUp(ctx: Context, hold: Hold, log: Logger): Promise<Settlement> {
  const advancing = advance(ctx, hold, log);
  const over = new AbortController();
  try {
    const first = await Promise.race([advancing, whenInterrupted(hold, over.signal)]);
    if (first !== 'interrupted') return first;
  } finally {
    over.abort();
  }
  log.error({ reason: messageOf(hold.signal.reason) }, 'attempt given up: it was told to end and did not');
  void keepLateReceipt(ctx, hold, advancing, log);
  return interrupted(hold);
}

/** What a given-up attempt brings after all counts only where it is proof: everything else about it has been settled. */
async function keepLateReceipt(
  ctx: Context,
  { claim }: Hold,
  advancing: Promise<Settlement>,
  log: Logger,
): Promise<void> {
  try {
    const settlement = await advancing;
    if (settlement.as !== 'published') return;
    await withRetry(() => recordReceipt(ctx.db, claim, settlement.receipt));
    await settlePost(ctx.db, claim.postId);
  } catch (error) {
    log.warn({ err: error }, 'attempt that was given up has ended');
  }
}

/** As far as it can go now: refused for being late, or for what is missing; asked about; or sent. */
async function advance(ctx: Context, hold: Hold, log: Logger): Promise<Settlement> {
  const { claim } = hold;
  if (hold.signal.aborted)
    return handBack(claim, 0, { detail: `not begun: ${messageOf(hold.signal.reason)}` });
  const late = tooLate(claim, claim.lateLimitMinutes);
  if (late) return { as: 'failed', failure: late };
  const opened = await openCall(ctx, hold, log);
  if ('settlement' in opened) return stillInDoubt(claim, opened.settlement);
  const settlement = await sendOrAsk(ctx, hold, opened);
  if (settlement.as !== 'published') return settlement;
  const { receipt } = settlement;
  return { ...settlement, receipt: { ...receipt, url: linkAt(claim.channel, opened.baseUrl, receipt.url) } };
}

async function sendOrAsk(ctx: Context, hold: Hold, opened: OpenedCall): Promise<Settlement> {
  const { claim } = hold;
  if (claim.sendingAt && !claim.absenceUnproved) {
    return reconcileDelivery(hold, opened, {
      sendingSince: claim.sendingAt,
      callEndedAt: claim.callEndedAt,
    });
  }
  const limit = findLimit(hold, opened.publisher.name);
  if (limit) return stillInDoubt(claim, waitOrGiveUp(claim, limit.until, hold.now(), limit.failure));
  return sendDelivery(ctx, hold, opened);
}

async function follow(ctx: Context, claim: ClaimedDelivery, settlement: Settlement): Promise<void> {
  if (settlement.as === 'failed') await showFailedDelivery(ctx, claim, settlement.failure);
  if (settlement.as !== 'pending') return settlePost(ctx.db, claim.postId);
  const next = { id: claim.id, platform: claim.platform, revision: claim.revision, attempt: claim.fence + 1 };
  const runAt = new Date(ctx.clock.now().getTime() + settlement.afterMs);
  await enqueueDeliveries(ctx, [{ ...next, runAt }]);
}

/** One word for all workers on whether this server of the platform is up. Nothing depends on it but how soon the next are claimed. */
async function judgePlatform(ctx: Context, hold: Hold, settlement: Settlement, log: Logger): Promise<void> {
  const { claim } = hold;
  const { platform, endpoint, channel, claimedAt } = claim;
  const sign = healthSign(claim, settlement, hold.hasAsked());
  if (sign === 'answers' && claim.platformInDoubt) await recordPlatformAnswers(ctx.db, claim);
  if (sign === undefined && claim.isProbe) await giveProbeBack(ctx.db, claim);
  if (sign !== 'fails' || settlement.as === 'published') return;
  const reason = settlement.failure?.detail ?? settlement.failure?.reason ?? settlement.as;
  const pausedUntil = await recordPlatformFailure(ctx.db, {
    platform,
    endpoint,
    channelId: channel.id,
    claimedAt,
    reason,
  });
  if (pausedUntil)
    log.error({ platform, endpoint, pausedUntil, reason }, 'platform paused: it fails several accounts');
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
