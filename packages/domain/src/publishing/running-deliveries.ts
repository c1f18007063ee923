import { sleep } from '@solospark/foundation';
import type { Context } from '../context.ts';
import { LEASE_RENEWAL_MS, type ClaimedDelivery } from '../delivery/delivery.ts';
import { renewLeases } from '../delivery/delivery.repository.ts';
import { publishDelivery } from './publish-delivery.ts';

/** What this process is publishing right now: it renews the leases and knows when all of it has ended. */
export interface RunningDeliveries {
  /** Publishes a claimed delivery. Never rejects: what is not settled is found by its lease. */
  run(claim: ClaimedDelivery): Promise<void>;
  /** Waits until nothing runs, at most `timeoutMs`; then hands back what has not been sent. True: all ended. */
  drain(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** How long what was asked to hand back may still take. */
const HAND_BACK_MS = 2_000;

export function trackRunningDeliveries(ctx: Context): RunningDeliveries {
  const running = new Map<string, { claim: ClaimedDelivery; abort: AbortController; ended: Promise<void> }>();
  const closing = new AbortController();

  async function renewForEver(): Promise<void> {
    for (;;) {
      await sleep(LEASE_RENEWAL_MS, closing.signal);
      if (closing.signal.aborted) return;
      if (running.size === 0) continue;
      const claims = [...running.values()];
      try {
        const held = await renewLeases(
          ctx.db,
          claims.map(({ claim }) => claim),
        );
        for (const { claim, abort } of claims) if (!held.has(claim.id)) abort.abort();
      } catch (error) {
        // The database is away. Each hold still refuses to send after its own window.
        ctx.log.warn({ err: error, deliveries: claims.length }, 'leases not renewed');
      }
    }
  }
  const renewal = renewForEver();

  async function allEndedWithin(ms: number): Promise<void> {
    const enough = new AbortController();
    const allEnded = Promise.all([...running.values()].map(({ ended }) => ended));
    await Promise.race([allEnded, sleep(ms, enough.signal)]);
    enough.abort();
  }

  return {
    run(claim) {
      const abort = new AbortController();
      const key = `${claim.id} ${claim.fence}`;
      const ended = publishDelivery(ctx, claim, abort.signal)
        .catch((error: unknown) => {
          ctx.log.error({ err: error, deliveryId: claim.id, attempt: claim.fence }, 'attempt broke off');
        })
        .finally(() => running.delete(key));
      running.set(key, { claim, abort, ended });
      return ended;
    },
    async drain(timeoutMs) {
      await allEndedWithin(Math.max(0, timeoutMs - HAND_BACK_MS));
      for (const { abort } of running.values()) abort.abort();
      await allEndedWithin(HAND_BACK_MS);
      return running.size === 0;
    },
    async close() {
      closing.abort();
      await renewal;
    },
  };
}
