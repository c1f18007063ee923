import { withRetry } from '@solospark/db';
import { assertNever, messageOf, type Logger } from '@solospark/foundation';
import { linkAt, linksAt } from '../channel/endpoint.ts';
import type { Context } from '../context.ts';
import { judgePlatform } from './circuit.ts';
import { interrupted, whenInterrupted } from './deadline.ts';
import {
  handBack,
  isPending,
  stillInDoubt,
  withTime,
  type ClaimedDelivery,
  type Settlement,
} from './delivery.ts';
import { expiredBefore, waitOrGiveUp } from './expiry.ts';
import { createLease, SupersededError, type AttemptControl, type Lease } from './lease.ts';
import { markSuperseded, recordReceipt } from './lease.repository.ts';
import { lookUpDelivery } from './look-up-delivery.ts';
import { openAttempt } from './open-attempt.ts';
import { showFailedDelivery, wakeWorkers } from './queue-jobs.ts';
import { findLimit } from './rate-limit.ts';
import { giveTokensBack } from './rate-limit.repository.ts';
import { sendDelivery } from './send-delivery.ts';
import { settlePost } from './settle-posts.repository.ts';
import { reach } from './steps.ts';

/**
 * One attempt: takes a claimed delivery as far as it can go now, and settles it. A delivery that may be out is looked up; any
 * other is sent, once. Each result is committed before anything follows from it.
 */
export async function publishDelivery(
  ctx: Context,
  claim: ClaimedDelivery,
  control: AttemptControl,
): Promise<void> {
  const log = ctx.log.child({ deliveryId: claim.id, postId: claim.postId, attempt: claim.fence });
  log.info({ platform: claim.platform, attemptsUsed: claim.attemptsUsed }, 'attempt started');
  reach('after-claim');
  const lease = createLease(ctx, claim, control);
  try {
    const settlement = withTime(await advanceUntilInterrupted(ctx, lease, log));
    control.onAnswer?.();
    await lease.settle(settlement);
    logSettlement(log, claim, settlement);
    await scheduleNextAttempt(ctx, claim, settlement);
    await judgePlatform(ctx, lease, settlement, log);
  } catch (error) {
    if (!(error instanceof SupersededError)) throw error;
    log.warn('attempt superseded by another worker');
    await markSuperseded(ctx.db, claim);
  } finally {
    if (!lease.hasSent()) await giveTokensBack(ctx.db, lease.tokens.splice(0));
  }
}

/** Runs the attempt. If it was told to end and does not, gives it up: nothing in this process can stop a call that hangs. */
async function advanceUntilInterrupted(ctx: Context, lease: Lease, log: Logger): Promise<Settlement> {
  const advancing = advance(ctx, lease, log);
  const over = new AbortController();
  try {
    const first = await Promise.race([advancing, whenInterrupted(lease, over.signal)]);
    if (first !== 'interrupted') return first;
  } finally {
    over.abort();
  }
  log.error({ reason: messageOf(lease.signal.reason) }, 'attempt given up: it was told to end and did not');
  void keepLateReceipt(ctx, lease, advancing, log);
  return interrupted(lease);
}

/**
 * Keeps the receipt of an attempt that was given up and ended after all. Any other result is ignored: the delivery has been
 * settled.
 */
async function keepLateReceipt(
  ctx: Context,
  { claim }: Lease,
  advancing: Promise<Settlement>,
  log: Logger,
): Promise<void> {
  try {
    const settlement = await advancing;
    if (settlement.outcome !== 'published') return;
    await withRetry(() => recordReceipt(ctx.db, claim, settlement.receipt));
    await settlePost(ctx.db, claim.postId);
  } catch (error) {
    log.warn({ err: error }, 'attempt that was given up has ended');
  }
}

/**
 * Fails the delivery if it is too late, postpones it if something is missing, looks it up if it may be out, else sends it.
 */
async function advance(ctx: Context, lease: Lease, log: Logger): Promise<Settlement> {
  const { claim } = lease;
  if (lease.signal.aborted) {
    return handBack(claim, 0, { detail: `not begun: ${messageOf(lease.signal.reason)}` });
  }
  const expired = expiredBefore(claim, claim.lateLimitMinutes);
  if (expired) return { outcome: 'failed', failure: expired };
  const attempt = await openAttempt(ctx, lease, log);
  if ('settlement' in attempt) return stillInDoubt(claim, attempt.settlement);
  const { publisher, baseUrl } = attempt;

  if (claim.sendingAt && !claim.absenceUnproved) {
    const earlier = { sendingSince: claim.sendingAt, callEndedAt: claim.callEndedAt };
    return withLinks(await lookUpDelivery(attempt, earlier), claim, baseUrl);
  }
  const limit = findLimit(lease, publisher.name);
  if (limit) return stillInDoubt(claim, waitOrGiveUp(claim, limit.until, lease.now(), limit.failure));
  return withLinks(await sendDelivery(ctx, attempt), claim, baseUrl);
}

/** Publishers know their platform's own addresses; the posts of a sandbox channel are at the sandbox's address. */
function withLinks(settlement: Settlement, { channel }: ClaimedDelivery, baseUrl: string): Settlement {
  if (settlement.outcome === 'published') {
    const { receipt } = settlement;
    return { ...settlement, receipt: { ...receipt, url: linkAt(channel, baseUrl, receipt.url) } };
  }
  if (settlement.outcome !== 'uncertain') return settlement;
  const { failure } = settlement;
  return { ...settlement, failure: { ...failure, reason: linksAt(channel, baseUrl, failure.reason) } };
}

async function scheduleNextAttempt(
  ctx: Context,
  claim: ClaimedDelivery,
  settlement: Settlement,
): Promise<void> {
  if (isPending(settlement)) {
    const at = new Date(ctx.clock.now().getTime() + settlement.afterMs);
    return wakeWorkers(ctx, [claim.platform], at);
  }
  if (settlement.outcome === 'failed') await showFailedDelivery(ctx, claim, settlement.failure);
  await settlePost(ctx.db, claim.postId);
}

function logSettlement(log: Logger, claim: ClaimedDelivery, settlement: Settlement): void {
  const facts = { platform: claim.platform, sinceDueMs: Math.round(claim.sinceDueMs) };
  if (isPending(settlement)) {
    const { outcome, afterMs, failure } = settlement;
    const why = { kind: failure?.kind, detail: failure?.detail };
    return log.warn({ ...facts, outcome, afterMs, ...why }, 'delivery to be tried again');
  }
  switch (settlement.outcome) {
    case 'published':
      return log.info({ ...facts, remoteId: settlement.receipt.remoteId }, 'delivery published');
    case 'failed':
    case 'uncertain': {
      const { kind, actor, reason, detail } = settlement.failure;
      return log.error({ ...facts, kind, actor, reason, detail }, `delivery ${settlement.outcome}`);
    }
    default:
      return assertNever(settlement);
  }
}
