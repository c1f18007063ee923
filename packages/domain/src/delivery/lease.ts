import { SEND_WINDOW_MS, type ClaimedDelivery, type Settlement } from './delivery.ts';
import {
  markSending,
  markSuperseded,
  recordReceipt,
  saveEvidence,
  settleDelivery,
} from './lease.repository.ts';
import { withRetry } from '@solospark/db';
import type { Evidence } from '@solospark/publishers';
import { reach } from './steps.ts';
import type { Context } from '../context.ts';

/** Another worker has claimed the delivery: what this worker knows about it is out of date. */
export class SupersededError extends Error {
  constructor() {
    super('the delivery is held by another worker');
    this.name = 'SupersededError';
  }
}

/** The send window closed before the request was made: nothing was sent. */
export class TooLateToSendError extends Error {
  constructor() {
    super('the send window closed before the request was made');
    this.name = 'TooLateToSendError';
  }
}

/** What the worker pool gives to an attempt. */
export interface AttemptControl {
  /** Aborts when the attempt has to end: its lease was lost, it is overdue, or the worker stops. */
  signal: AbortSignal;
  /** Called at each step forward of the attempt. */
  noteStep?: () => void;
  /** Called when the platform is done with the delivery, before the delivery is settled. */
  onAnswer?: () => void;
}

/**
 * This process's lease of one claimed delivery. Every write carries the fencing number: once another worker has claimed the
 * delivery, each write throws `SupersededError` and changes nothing.
 */
export interface Lease {
  claim: ClaimedDelivery;
  /** The database's clock, continued by this process's monotonic clock. A worker's wall clock decides nothing. */
  now(): Date;
  /** Aborts when the attempt has to end, see `AttemptControl`. */
  signal: AbortSignal;
  remember(facts: Evidence): Promise<void>;
  /** Commits `sending`. After it `assertMaySend` allows one request, while the send window is open. */
  commitSending(): Promise<Date>;
  /** The last check before the first byte of a request in `publish`: allows one call, and only GET requests after it. */
  assertMaySend(method: string): void;
  /** The attempt made a step forward: its deadline moves on. */
  noteStep(): void;
  /** Keys of the rate buckets from which a token was taken. The tokens are given back if nothing is sent. */
  tokens: string[];
  /** A request to the platform is about to be made. */
  noteAsking(): void;
  hasAsked(): boolean;
  /** False: this lease cannot have created anything public. */
  hasSent(): boolean;
  settle(settlement: Settlement): Promise<void>;
}

export function createLease(
  ctx: Context,
  claim: ClaimedDelivery,
  { signal, noteStep = () => undefined }: AttemptControl,
): Lease {
  const held = { id: claim.id, fence: claim.fence, claimToken: claim.claimToken };
  const claimedMs = ctx.clock.monotonicMs();
  /** When the send window opened, on both clocks of this process. At first it is closed. */
  let opened = { monotonicMs: -Infinity, wallMs: -Infinity };
  let sent = false;
  let asked = false;

  /**
   * The lease was lost before the settlement was written. A receipt still counts, because it is proof; anything else that
   * this holder knows is out of date. The result of its own public call is still noted, so that a second post of one delivery
   * does not go unseen.
   */
  async function settleWithoutLease(settlement: Settlement): Promise<void> {
    const { id: deliveryId } = claim;
    if (settlement.outcome === 'published') {
      const { receipt } = settlement;
      const note = await withRetry(() => recordReceipt(ctx.db, held, receipt));
      if (note === 'known') throw new SupersededError();
      if (note !== 'proven') {
        const receipts = [note.second, receipt.remoteId];
        ctx.log.error({ deliveryId, receipts }, 'two receipts for one delivery: it may be public twice');
      }
      return;
    }
    if (sent) {
      const answer = settlement.failure?.detail ?? settlement.failure?.reason ?? settlement.outcome;
      await withRetry(() => markSuperseded(ctx.db, held, `overtaken after its own public call: ${answer}`));
      ctx.log.warn(
        { deliveryId, as: settlement.outcome },
        'overtaken by another attempt after its own public call',
      );
    }
    throw new SupersededError();
  }

  return {
    claim,
    signal,
    noteStep,
    tokens: [],
    now: () => new Date(claim.claimedAt.getTime() + ctx.clock.monotonicMs() - claimedMs),
    async remember(facts) {
      if (!(await withRetry(() => saveEvidence(ctx.db, { ...held, facts })))) throw new SupersededError();
      Object.assign(claim.evidence, facts);
      noteStep();
    },
    async commitSending() {
      reach('before-sending');
      // The window opens before the commit, so that a slow commit shortens it and never lengthens it.
      const before = { monotonicMs: ctx.clock.monotonicMs(), wallMs: ctx.clock.now().getTime() };
      const sendingAt = await withRetry(() => markSending(ctx.db, held));
      if (!sendingAt) throw new SupersededError();
      opened = before;
      noteStep();
      reach('after-sending');
      return sendingAt;
    },
    assertMaySend(method) {
      if (sent && method !== 'GET') throw new Error('a publisher tried to make a second public call');
      if (sent) return;
      reach('before-socket');
      // The monotonic clock stops while a machine sleeps, and the wall clock may be changed: the longer time counts.
      const elapsedMs = Math.max(
        ctx.clock.monotonicMs() - opened.monotonicMs,
        ctx.clock.now().getTime() - opened.wallMs,
      );
      if (signal.aborted || elapsedMs > SEND_WINDOW_MS) throw new TooLateToSendError();
      sent = true;
    },
    noteAsking: () => void (asked = true),
    hasAsked: () => asked || sent,
    hasSent: () => sent,
    async settle(settlement) {
      reach('before-settle');
      // The platform's answer must not be lost when the database restarts just now. While the lease is renewed nobody else
      // looks it up; after that the next holder finds out by the evidence. Forty tries take about a minute.
      const settled = await withRetry(() => settleDelivery(ctx.db, { ...held, settlement }), {
        attempts: 40,
      });
      if (!settled) await settleWithoutLease(settlement);
      reach('after-settle');
    },
  };
}
