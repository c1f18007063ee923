import { sleep, withDeadline } from '@solospark/foundation';
import { LEASE_RENEWAL_MS, STALL_MS, type ClaimedDelivery } from '../delivery/delivery.ts';
import { renewLeases } from '../delivery/claim.repository.ts';
import { AttemptOverdueError, startDeadline, type Deadline } from '../delivery/deadline.ts';
import { publishDelivery } from '../delivery/publish-delivery.ts';
import type { Context } from '../context.ts';

/** What this process is publishing right now: it renews the leases and knows when all of it has ended. */
export interface RunningDeliveries {
  /**
   * Claims by `claim` and publishes what it gave, of which it answers the number. None of that is ever thrown: what is not
   * settled is found by its lease. Once `drain` has begun, nothing is claimed any more.
   */
  take(claim: () => Promise<ClaimedDelivery[]>, takePlace: TakePlace): Promise<number>;
  ids(): string[];
  /**
   * Takes nothing new and waits until nothing runs, at most `timeoutMs`; shortly before that it hands back what has
   * not been sent. True: all ended.
   */
  drain(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Each delivery takes a place before it turns to its platform, and calls what it is given when the platform is done with
 * it. Aborted, it waits for none.
 */
export type TakePlace = (claim: ClaimedDelivery, signal: AbortSignal) => Promise<() => void>;

/** How long what was asked to hand back may still take. */
const HAND_BACK_MS = 2_000;

interface Attempt {
  claim: ClaimedDelivery;
  abort: AbortController;
  deadline: Deadline;
  ended: Promise<void>;
}

/** `stallMs`: how long an attempt may go on without a step forward. */
export function trackRunningDeliveries(ctx: Context, stallMs = STALL_MS): RunningDeliveries {
  const running = new Map<string, Attempt>();
  /** Claims whose statement is under way: they may turn into deliveries at any moment. */
  const claiming = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let draining = false;
  let handingBack = false;

  async function renewForEver(): Promise<void> {
    for (;;) {
      await sleep(LEASE_RENEWAL_MS, closing.signal);
      if (closing.signal.aborted) return;
      if (running.size === 0) continue;
      endOverdue();
      // What is overdue is handed on: its lease is no longer renewed.
      const held = [...running.values()].filter(({ abort }) => !isOverdue(abort.signal));
      const claims = held.map(({ claim }) => claim);
      try {
        // A renewal that hangs on a dead connection must not keep the next one from another.
        const renewed = await withDeadline(renewLeases(ctx.db, claims), LEASE_RENEWAL_MS, 'renewing leases');
        for (const { claim, abort } of held) if (!renewed.has(claim.id)) abort.abort();
      } catch (error) {
        // The database is away. Each hold still refuses to send after its own window.
        ctx.log.warn({ err: error, deliveries: claims.length }, 'leases not renewed');
      }
    }
  }
  const renewal = renewForEver();

  function endOverdue(): void {
    for (const { claim, abort, deadline } of running.values()) {
      const overdue = deadline.overdue();
      if (!overdue || abort.signal.aborted) continue;
      abort.abort(overdue);
      ctx.log.error(
        { deliveryId: claim.id, platform: claim.platform, reason: overdue.message },
        'attempt overdue: its delivery is handed on',
      );
    }
  }

  async function publish(
    claim: ClaimedDelivery,
    signal: AbortSignal,
    deadline: Deadline,
    takePlace: TakePlace,
  ): Promise<void> {
    const leave = await takePlace(claim, signal);
    deadline.noteStep();
    try {
      await publishDelivery(ctx, claim, signal, leave, () => deadline.noteStep());
    } finally {
      leave();
    }
  }

  function run(claim: ClaimedDelivery, takePlace: TakePlace): void {
    const abort = new AbortController();
    const deadline = startDeadline(ctx.clock, claim, stallMs);
    if (handingBack) abort.abort();
    const key = `${claim.id} ${claim.fence}`;
    const ended = publish(claim, abort.signal, deadline, takePlace)
      .catch((error: unknown) => {
        ctx.log.error({ err: error, deliveryId: claim.id, attempt: claim.fence }, 'attempt broke off');
      })
      .finally(() => running.delete(key));
    running.set(key, { claim, abort, deadline, ended });
  }

  /** True when nothing runs any more; what turns up while it waits is waited for, too. */
  async function allEndedWithin(ms: number): Promise<boolean> {
    const enough = new AbortController();
    const timeUp = sleep(ms, enough.signal);
    let late = false;
    void timeUp.then(() => (late = true));
    while (!late && running.size + claiming.size > 0) {
      const open = [...claiming, ...[...running.values()].map(({ ended }) => ended)];
      await Promise.race([Promise.allSettled(open), timeUp]);
    }
    enough.abort();
    return running.size + claiming.size === 0;
  }

  return {
    async take(claim, takePlace) {
      if (draining) return 0;
      const claims = claim();
      claiming.add(claims);
      try {
        // Registered as running before it stops being registered as a claim.
        const taken = await claims;
        for (const each of taken) run(each, takePlace);
        return taken.length;
      } finally {
        claiming.delete(claims);
      }
    },
    ids: () => [...running.values()].map(({ claim }) => claim.id),
    async drain(timeoutMs) {
      draining = true;
      if (await allEndedWithin(Math.max(0, timeoutMs - HAND_BACK_MS))) return true;
      handingBack = true;
      for (const { abort } of running.values()) abort.abort();
      return allEndedWithin(HAND_BACK_MS);
    },
    async close() {
      closing.abort();
      await renewal;
    },
  };
}

function isOverdue(signal: AbortSignal): boolean {
  return signal.reason instanceof AttemptOverdueError;
}
