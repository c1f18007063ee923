import { SEND_WINDOW_MS, type ClaimedDelivery, type Settlement } from './delivery.ts';
import {
  markSending,
  markSuperseded,
  recordReceipt,
  saveWitness,
  settleDelivery,
} from './lease.repository.ts';
import { withRetry } from '@solospark/db';
import type { Evidence } from '@solospark/publishers';
import { reach } from './steps.ts';
import type { Context } from '../context.ts';

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

/** How an attempt is connected with the worker that runs it. */
export interface AttemptControl {
  /** Aborts when the attempt has to end: its lease was lost, it is overdue, or the worker stops. */
  signal: AbortSignal;
  /** Called at each step that the attempt gets further. */
  noteStep?: () => void;
  /** Called when the platform is done with the delivery, before it is settled. */
  onAnswer?: () => void;
}

/**
 * This process's lease of one claimed delivery. Every write goes through the fencing number: as soon as another worker
 * has claimed the delivery, each of them throws `SupersededError` and changes nothing.
 */
export interface Lease {
  claim: ClaimedDelivery;
  /** The database's clock, carried on by this process's monotonic one: a worker's wall clock decides nothing. */
  now(): Date;
  /** Aborts when the lease was lost, or when the process wants to hand back what it has not sent yet. */
  signal: AbortSignal;
  remember(facts: Evidence): Promise<void>;
  /** Commits `sending`. Afterwards `assertMaySend` lets one request pass, for as long as the send window is open. */
  commitSending(): Promise<Date>;
  /** The last look before the first byte of a request of `publish`: lets one call pass, and after it only reads. */
  assertMaySend(method: string): void;
  /** The attempt got a step further: its deadline moves on. */
  noteStep(): void;
  /** Keys of the rate buckets that a token was taken from: given back if nothing is sent. */
  tokens: string[];
  /** A request to the platform is about to be made; whatever it answers. */
  noteAsking(): void;
  hasAsked(): boolean;
  /** False: nothing public can have been created by this lease. */
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
  /** When the send window was opened, on both clocks of this process. Never: it is closed. */
  let opened = { monotonicMs: -Infinity, wallMs: -Infinity };
  let sent = false;
  let asked = false;

  /**
   * Overtaken. A receipt is proof all the same; anything else that this holder knows is no longer the truth. But what
   * became of a call that it made is kept: a second post of one delivery must not go unseen.
   */
  async function proveOrGiveWay(settlement: Settlement): Promise<void> {
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
      if (!(await withRetry(() => saveWitness(ctx.db, { ...held, facts })))) throw new SupersededError();
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
      // The monotonic clock stands still while a machine sleeps, and the wall clock may be set: whichever says more.
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
      // What the platform answered must not be lost to a database that restarts just now: as long as the lease is
      // renewed nobody else asks, and after that the next holder finds out by the evidence. Forty tries: a minute.
      const settled = await withRetry(() => settleDelivery(ctx.db, { ...held, settlement }), {
        attempts: 40,
      });
      if (!settled) await proveOrGiveWay(settlement);
      reach('after-settle');
    },
  };
}
