import type { Logger } from '@solospark/foundation';
import type { ClaimRequest } from '../delivery/claim.repository.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import type { RunningDeliveries } from './running-deliveries.ts';

/** One platform's way through this process: so many deliveries side by side, and one that hangs holds up only itself. */
export interface Lane {
  /** There may be something to claim: looks, and goes on until nothing is left or enough is claimed. */
  wake(trigger: ClaimRequest['trigger']): void;
  /** Looks no more. What was claimed goes on. */
  close(): void;
}

/**
 * No channel may have more than this part of the places at one time, so that an account whose calls hang leaves room
 * for the others. Of a platform that is many servers, the same goes for each server, and for all together that are in doubt.
 */
const PART_OF_ONE = 0.5;

export function openLane(options: {
  platform: string;
  /** Places: deliveries that are with the platform at one time. */
  concurrency: number;
  /** The platform is many servers, which fail on their own. */
  manyServers: boolean;
  running: RunningDeliveries;
  claim: (request: ClaimRequest) => Promise<ClaimedDelivery[]>;
  log: Logger;
}): Lane {
  const { platform, concurrency, running } = options;
  const perChannel = Math.max(1, Math.floor(concurrency * PART_OF_ONE));
  // In a burst as many again are claimed ahead, half of the places at a time or more: claiming fifty costs hardly more
  // than claiming one, and a place that becomes free is taken at once.
  const capacity = concurrency * 2;
  const refillAt = capacity - Math.max(1, Math.floor(concurrency / 2));
  /** Claimed, and not yet done with the platform: of each of its servers, and together. */
  const heldOf = new Map<string, number>();
  let held = 0;
  let placesTaken = 0;
  const inLine: (() => void)[] = [];
  /** Set: somebody woke the lane since the last look began. */
  let woken: ClaimRequest['trigger'] | undefined;
  /** Set: the last look, or a channel at its limit, may have left something behind. */
  let left: ClaimRequest['trigger'] | undefined;
  let looking = false;
  let closed = false;

  function count({ endpoint }: ClaimedDelivery, change: 1 | -1): void {
    held += change;
    const now = (heldOf.get(endpoint) ?? 0) + change;
    if (now > 0) heldOf.set(endpoint, now);
    else heldOf.delete(endpoint);
  }

  function takePlace(
    claim: ClaimedDelivery,
    signal: AbortSignal,
    trigger: ClaimRequest['trigger'],
  ): Promise<() => void> {
    return new Promise((resolve) => {
      const seat = () => {
        signal.removeEventListener('abort', giveUp);
        placesTaken += 1;
        resolve(leaveOnce(claim, true, trigger));
      };
      // Asked to hand back what has not been sent: that needs no place.
      const giveUp = () => {
        inLine.splice(inLine.indexOf(seat), 1);
        resolve(leaveOnce(claim, false, trigger));
      };
      inLine.push(seat);
      signal.addEventListener('abort', giveUp, { once: true });
      if (signal.aborted) giveUp();
      else seatNext();
    });
  }

  function leaveOnce(claim: ClaimedDelivery, seated: boolean, trigger: ClaimRequest['trigger']): () => void {
    let here = true;
    return () => {
      if (!here) return;
      here = false;
      if (held >= perChannel) left ??= trigger;
      count(claim, -1);
      if (seated) placesTaken -= 1;
      seatNext();
      start();
    };
  }

  function seatNext(): void {
    while (placesTaken < concurrency) {
      const seat = inLine.shift();
      if (!seat) return;
      seat();
    }
  }

  async function look(trigger: ClaimRequest['trigger']): Promise<void> {
    woken = left = undefined;
    const limit = capacity - held;
    const perEndpoint = options.manyServers ? { most: perChannel, held: Object.fromEntries(heldOf) } : null;
    const request = { platform, limit, perChannel, perEndpoint, except: running.ids(), trigger };
    const claim = async () => {
      const claims = await options.claim(request);
      for (const each of claims) count(each, 1);
      return claims;
    };
    const taken = await running.take(claim, (each, signal) => takePlace(each, signal, trigger));
    // As many as asked for: there are probably more.
    if (taken === limit) left ??= trigger;
  }

  function start(): void {
    const trigger = woken ?? (held <= refillAt ? left : undefined);
    if (!trigger || looking || closed || held >= capacity) return;
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
