import type { Context } from '../context.ts';
import { SEND_WINDOW_MS, type ClaimedDelivery, type Settlement } from '../delivery/delivery.ts';
import { markSending, saveWitness, settleDelivery } from '../delivery/delivery.repository.ts';
import { withRetry } from '@solospark/db';
import type { Witness } from '@solospark/publishers';
import { failPoint } from './fail-points.ts';

/** Another worker has taken the delivery over: whatever this one knows is no longer the truth. */
export class SupersededError extends Error {
  constructor() {
    super('the delivery is held by another worker');
    this.name = 'SupersededError';
  }
}

/** The window for opening the socket had closed before the request was made: nothing was sent. */
export class TooLateToSendError extends Error {
  constructor() {
    super('the send window closed before the request was made');
    this.name = 'TooLateToSendError';
  }
}

/**
 * This process's hold on one claimed delivery. Every write goes through the fencing number: as soon as another worker
 * has claimed the delivery, each of them throws `SupersededError` and changes nothing.
 */
export interface Hold {
  claim: ClaimedDelivery;
  /** The database's clock, carried on by this process's monotonic one: a worker's wall clock decides nothing. */
  now(): Date;
  /** Aborts when the lease was lost, or when the process wants to hand back what it has not sent yet. */
  signal: AbortSignal;
  remember(facts: Witness): Promise<void>;
  /** Commits `sending`. Afterwards `assertMaySend` lets one request pass, for as long as the send window is open. */
  commitSending(): Promise<Date>;
  assertMaySend(): void;
  settle(settlement: Settlement): Promise<void>;
}

export function createHold(ctx: Context, claim: ClaimedDelivery, signal: AbortSignal): Hold {
  const claimedMs = ctx.clock.monotonicMs();
  let sendBeforeMs = -Infinity;
  let sent = false;
  return {
    claim,
    signal,
    now: () => new Date(claim.claimedAt.getTime() + ctx.clock.monotonicMs() - claimedMs),
    async remember(facts) {
      if (!(await withRetry(() => saveWitness(ctx.db, claim, facts)))) throw new SupersededError();
      Object.assign(claim.witness, facts);
    },
    async commitSending() {
      failPoint('before-sending');
      // The window opens before the commit, so that a slow commit shortens it and never lengthens it.
      const deadlineMs = ctx.clock.monotonicMs() + SEND_WINDOW_MS;
      const sendingAt = await withRetry(() => markSending(ctx.db, claim));
      if (!sendingAt) throw new SupersededError();
      sendBeforeMs = deadlineMs;
      failPoint('after-sending');
      return sendingAt;
    },
    assertMaySend() {
      if (sent) return;
      failPoint('before-socket');
      if (ctx.clock.monotonicMs() > sendBeforeMs) throw new TooLateToSendError();
      sent = true;
    },
    async settle(settlement) {
      failPoint('before-settle');
      // What the platform answered must not be lost to a database that restarts just now: as long as the lease is
      // renewed nobody else asks, and after that the next holder finds out by the witness. Forty tries: a minute.
      const settled = await withRetry(() => settleDelivery(ctx.db, claim, settlement), { attempts: 40 });
      if (!settled) throw new SupersededError();
      failPoint('after-settle');
    },
  };
}
