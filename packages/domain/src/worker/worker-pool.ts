import { sleep, withDeadline, type Clock, type Logger } from '@solospark/foundation';
import type { ClaimRequest } from '../delivery/claim.repository.ts';
import { AttemptOverdueError, startDeadline, type Deadline } from '../delivery/deadline.ts';
import { LEASE_RENEWAL_MS, STALL_MS, type ClaimedDelivery } from '../delivery/delivery.ts';
import type { AttemptControl } from '../delivery/lease.ts';

// The worker pool of this process. For each platform it claims deliveries when it is woken, and publishes a limited number at
// a time, each in a slot. It renews the leases of all running deliveries, ends attempts that are overdue, and drains when the
// process stops.

export interface WorkerPool {
  /** There may be something to claim: claims until nothing is left or the pool is full. */
  wake(platform: string, trigger: ClaimRequest['trigger']): void;
  /**
   * Claims nothing new and waits until nothing runs, at most `timeoutMs`. Shortly before that it hands back unsent
   * deliveries. True: everything ended.
   */
  drain(timeoutMs: number): Promise<boolean>;
  /** Stops renewing leases. Call it after `drain`. */
  close(): Promise<void>;
}

export interface WorkerPoolOptions {
  /** `manyServers`: the platform is many servers, each of which fails on its own. */
  platforms: { id: string; manyServers: boolean }[];
  /** Limits concurrent deliveries per platform. */
  concurrency: number;
  /** How long an attempt may go on without a step forward. */
  stallMs?: number;
  claim: (request: ClaimRequest) => Promise<ClaimedDelivery[]>;
  publish: (claim: ClaimedDelivery, control: AttemptControl) => Promise<void>;
  /** Returns the ids that are still held. */
  renew: (claims: ClaimedDelivery[]) => Promise<Set<string>>;
  clock: Clock;
  log: Logger;
}

/**
 * The largest share of the slots that one channel may have, so that an account whose calls hang leaves room for the others.
 * On a platform that is many servers the same holds for each server, and for all servers in doubt together.
 */
const LARGEST_SHARE = 0.5;

/** How long attempts that were asked to hand back may still take. */
const HAND_BACK_MS = 2_000;

interface Running {
  claim: ClaimedDelivery;
  abort: AbortController;
  deadline: Deadline;
  ended: Promise<void>;
}

export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { clock, log } = options;
  const running = new Map<string, Running>();
  /** Claim statements that are running: their deliveries may start at any moment. */
  const claiming = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let draining = false;
  let handingBack = false;
  const slots = new Map(
    options.platforms.map((platform) => [platform.id, openSlots(platform, options, claimAndRun)]),
  );
  const renewal = renewLeasesUntilClosed();

  /**
   * Claims and starts deliveries; returns how many. A started delivery never throws: if it ends unsettled, its lease expires
   * and it is claimed again.
   */
  async function claimAndRun(request: Omit<ClaimRequest, 'except'>, acquire: Acquire): Promise<number> {
    if (draining) return 0;
    const except = [...running.values()].map(({ claim }) => claim.id);
    const claims = options.claim({ ...request, except });
    claiming.add(claims);
    try {
      // The deliveries are added to `running` before the statement is removed from `claiming`.
      const claimed = await claims;
      for (const claim of claimed) run(claim, acquire(claim));
      return claimed.length;
    } finally {
      claiming.delete(claims);
    }
  }

  function run(claim: ClaimedDelivery, acquireSlot: (signal: AbortSignal) => Promise<() => void>): void {
    const abort = new AbortController();
    const deadline = startDeadline(clock, claim, options.stallMs ?? STALL_MS);
    if (handingBack) abort.abort();
    const key = `${claim.id} ${claim.fence}`;
    const ended = publishInSlot()
      .catch((error: unknown) => {
        log.error({ err: error, deliveryId: claim.id, attempt: claim.fence }, 'attempt broke off');
      })
      .finally(() => running.delete(key));
    running.set(key, { claim, abort, deadline, ended });

    async function publishInSlot(): Promise<void> {
      const release = await acquireSlot(abort.signal);
      const noteStep = () => deadline.noteStep();
      noteStep();
      try {
        await options.publish(claim, { signal: abort.signal, noteStep, onAnswer: release });
      } finally {
        release();
      }
    }
  }

  async function renewLeasesUntilClosed(): Promise<void> {
    for (;;) {
      await sleep(LEASE_RENEWAL_MS, closing.signal);
      if (closing.signal.aborted) return;
      if (running.size === 0) continue;
      endOverdue();
      // The lease of an overdue attempt is not renewed: another worker takes its delivery over.
      const held = [...running.values()].filter(({ abort }) => !isOverdue(abort.signal));
      const claims = held.map(({ claim }) => claim);
      try {
        // A renewal that hangs on a dead connection must not delay the next one, on another connection.
        const renewed = await withDeadline(options.renew(claims), LEASE_RENEWAL_MS, 'renewing leases');
        for (const { claim, abort } of held) if (!renewed.has(claim.id)) abort.abort();
      } catch (error) {
        // The database is away. Each lease still refuses to send after its send window.
        log.warn({ err: error, deliveries: claims.length }, 'leases not renewed');
      }
    }
  }

  function endOverdue(): void {
    for (const { claim, abort, deadline } of running.values()) {
      const overdue = deadline.overdue();
      if (!overdue || abort.signal.aborted) continue;
      abort.abort(overdue);
      log.error(
        { deliveryId: claim.id, platform: claim.platform, reason: overdue.message },
        'attempt overdue: its delivery is handed on',
      );
    }
  }

  /** Waits until nothing runs, including what starts meanwhile. True: nothing runs any more. */
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
    wake: (platform, trigger) => slots.get(platform)?.wake(trigger),
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

/**
 * Waits for a slot for a claimed delivery, and returns the function that releases it. The slot is released as soon as the
 * platform is done with the delivery. Once `signal` has aborted no slot is waited for: handing back needs none.
 */
type Acquire = (claim: ClaimedDelivery) => (signal: AbortSignal) => Promise<() => void>;

/** The slots of one platform: limits how many deliveries it publishes at one time, and decides when to claim more. */
function openSlots(
  platform: { id: string; manyServers: boolean },
  { concurrency, log }: Pick<WorkerPoolOptions, 'concurrency' | 'log'>,
  claimAndRun: (request: Omit<ClaimRequest, 'except'>, acquire: Acquire) => Promise<number>,
): { wake(trigger: ClaimRequest['trigger']): void } {
  const perChannel = Math.max(1, Math.floor(concurrency * LARGEST_SHARE));
  // In a burst as many deliveries again are claimed ahead, at least half of the slots at a time: claiming fifty costs hardly
  // more than claiming one, and a free slot is filled at once.
  const capacity = concurrency * 2;
  const refillAt = capacity - Math.max(1, Math.floor(concurrency / 2));
  /** Claimed deliveries that the platform is not done with: for each endpoint, and in all (`held`). */
  const heldByEndpoint = new Map<string, number>();
  let held = 0;
  let slotsTaken = 0;
  const waiting: (() => void)[] = [];
  /** Set when it was woken since the last claim began. */
  let woken: ClaimRequest['trigger'] | undefined;
  /** Set when the last claim, or a channel at its limit, may have left deliveries behind. */
  let left: ClaimRequest['trigger'] | undefined;
  let claiming = false;

  function count({ endpoint }: ClaimedDelivery, change: 1 | -1): void {
    held += change;
    const now = (heldByEndpoint.get(endpoint) ?? 0) + change;
    if (now > 0) heldByEndpoint.set(endpoint, now);
    else heldByEndpoint.delete(endpoint);
  }

  function acquireFor(trigger: ClaimRequest['trigger']): Acquire {
    return (claim) => {
      // Counted at once: the next claim may begin before this delivery runs.
      count(claim, 1);
      return (signal) =>
        new Promise((resolve) => {
          const take = () => {
            signal.removeEventListener('abort', giveUp);
            slotsTaken += 1;
            resolve(once(() => release(claim, true, trigger)));
          };
          const giveUp = () => {
            waiting.splice(waiting.indexOf(take), 1);
            resolve(once(() => release(claim, false, trigger)));
          };
          waiting.push(take);
          signal.addEventListener('abort', giveUp, { once: true });
          if (signal.aborted) giveUp();
          else fillSlots();
        });
    };
  }

  function release(claim: ClaimedDelivery, hadSlot: boolean, trigger: ClaimRequest['trigger']): void {
    if (held >= perChannel) left ??= trigger;
    count(claim, -1);
    if (hadSlot) slotsTaken -= 1;
    fillSlots();
    claimMore();
  }

  function fillSlots(): void {
    while (slotsTaken < concurrency) {
      const take = waiting.shift();
      if (!take) return;
      take();
    }
  }

  async function claimOnce(trigger: ClaimRequest['trigger']): Promise<void> {
    woken = left = undefined;
    const limit = capacity - held;
    const perEndpoint = platform.manyServers
      ? { most: perChannel, held: Object.fromEntries(heldByEndpoint) }
      : null;
    const request = { platform: platform.id, limit, perChannel, perEndpoint, trigger };
    const claimed = await claimAndRun(request, acquireFor(trigger));
    // As many as requested: there are probably more.
    if (claimed === limit) left ??= trigger;
  }

  function claimMore(): void {
    const trigger = woken ?? (held <= refillAt ? left : undefined);
    if (!trigger || claiming || held >= capacity) return;
    claiming = true;
    void claimOnce(trigger)
      .catch((error: unknown) => log.error({ err: error, platform: platform.id }, 'deliveries not claimed'))
      .finally(() => {
        claiming = false;
        claimMore();
      });
  }

  return {
    wake(trigger) {
      woken ??= trigger;
      claimMore();
    },
  };
}

function once(fn: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    fn();
  };
}

function isOverdue(signal: AbortSignal): boolean {
  return signal.reason instanceof AttemptOverdueError;
}
