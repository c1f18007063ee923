import type { Logger } from '@solospark/foundation';
import type { ClaimRequest } from '../delivery/claim.repository.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import type { RunningDeliveries } from './running-deliveries.ts';

/** One platform's way through this process: so many deliveries side by side, and one that hangs holds up only itself. */
export interface Lane {
  /** There may be something to claim: looks, and goes on until nothing is left or every place is taken. */
  wake(trigger: ClaimRequest['trigger']): void;
  /** Looks no more. What was claimed goes on. */
  close(): void;
}

/**
 * No channel may have more than this part of the places at one time, so that an account whose calls hang leaves room
 * for the others.
 */
const PART_OF_ONE_CHANNEL = 0.5;

/**
 * A crowded lane claims again when this part of its places is free, and not for each place: claiming ten costs hardly
 * more than claiming one.
 */
const PART_TO_REFILL = 0.2;

export function openLane(options: {
  platform: string;
  concurrency: number;
  running: RunningDeliveries;
  claim: (request: ClaimRequest) => Promise<ClaimedDelivery[]>;
  log: Logger;
}): Lane {
  const { platform, concurrency, running } = options;
  const perChannel = Math.max(1, Math.floor(concurrency * PART_OF_ONE_CHANNEL));
  const refillAt = Math.floor(concurrency * (1 - PART_TO_REFILL));
  let inWork = 0;
  /** Set: somebody woke the lane since the last look began. */
  let woken: ClaimRequest['trigger'] | undefined;
  /** Set: the last look, or a channel at its limit, may have left something behind. */
  let left: ClaimRequest['trigger'] | undefined;
  let looking = false;
  let closed = false;

  async function look(trigger: ClaimRequest['trigger']): Promise<void> {
    woken = left = undefined;
    const limit = concurrency - inWork;
    const request = { platform, limit, perChannel, except: running.ids(), trigger };
    const claim = async () => {
      const claims = await options.claim(request);
      inWork += claims.length;
      return claims;
    };
    const taken = await running.take(claim, () => leave(trigger));
    // As many as asked for: there are probably more.
    if (taken === limit) left ??= trigger;
  }

  function leave(trigger: ClaimRequest['trigger']): void {
    if (inWork >= perChannel) left ??= trigger;
    inWork -= 1;
    start();
  }

  function start(): void {
    const trigger = woken ?? (inWork <= refillAt ? left : undefined);
    if (!trigger || looking || closed || inWork >= concurrency) return;
    looking = true;
    void look(trigger)
      .catch((error: unknown) => options.log.error({ err: error, platform }, 'deliveries not claimed'))
      .finally(() => {
        looking = false;
        start();
      });
  }

  return {
    wake(trigger) {
      woken ??= trigger;
      start();
    },
    close() {
      closed = true;
    },
  };
}
