import { createLogger, systemClock } from '@solospark/foundation';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ClaimedDelivery } from '../src/delivery/delivery.ts';
import { openWorkerPool, type WorkerPool } from '../src/worker/worker-pool.ts';

// The bookkeeping of a worker pool: how many deliveries it publishes at one time, how many it claims ahead, and when it
// claims again.

const open: WorkerPool[] = [];
afterEach(async () => {
  for (const pool of open.splice(0)) await pool.close();
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A pool with so many waiting deliveries. A delivery keeps its slot until the test lets it leave. */
function poolFor(waiting: number, concurrency: number) {
  const limits: number[] = [];
  const publishing: (() => void)[] = [];
  let claimed = 0;
  const pool = openWorkerPool({
    platforms: [{ id: 'any', manyServers: false }],
    concurrency,
    async claim({ limit }) {
      limits.push(limit);
      await tick();
      const given = Math.min(limit, waiting - claimed);
      return Array.from({ length: given }, () => delivery(String((claimed += 1))));
    },
    publish: () => new Promise((resolve) => publishing.push(resolve)),
    renew: (claims) => Promise.resolve(new Set(claims.map(({ id }) => id))),
    clock: systemClock,
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  open.push(pool);
  const settle = async () => {
    for (let round = 0; round < 40; round += 1) await tick();
  };
  return {
    pool,
    limits,
    publishing,
    claimed: () => claimed,
    settle,
    async leave(count: number) {
      for (const leave of publishing.splice(0, count)) leave();
      await settle();
    },
  };
}

function delivery(id: string): ClaimedDelivery {
  return { id, fence: 1, endpoint: '', media: [] as ClaimedDelivery['media'] } as ClaimedDelivery;
}

describe('a worker pool', () => {
  it('publishes as many deliveries at a time as it has slots, and claims as many again ahead', async () => {
    const test = poolFor(100, 10);
    test.pool.wake('any', 'job');
    await test.settle();
    expect(test.publishing).toHaveLength(10);
    expect(test.claimed()).toBe(20);
  });

  it('fills a free slot at once, and claims again only when half of the slots have become free', async () => {
    const test = poolFor(100, 10);
    test.pool.wake('any', 'job');
    await test.settle();
    const claims = test.limits.length;
    await test.leave(4);
    expect(test.publishing).toHaveLength(10);
    expect(test.limits).toHaveLength(claims);
    await test.leave(1);
    expect(test.limits.slice(claims)).toEqual([5]);
  });

  it('claims until nothing waits, and then no more', async () => {
    const test = poolFor(47, 10);
    test.pool.wake('any', 'job');
    await test.settle();
    for (let round = 0; round < 100 && test.publishing.length > 0; round += 1) await test.leave(1);
    expect(test.claimed()).toBe(47);
    const looks = test.limits.length;
    await test.settle();
    expect(test.limits).toHaveLength(looks);
  });

  it('claims again when it is woken during a claim, so that nothing is overlooked', async () => {
    const test = poolFor(1, 10);
    test.pool.wake('any', 'job');
    test.pool.wake('any', 'job');
    test.pool.wake('any', 'reconciler');
    await test.settle();
    expect(test.limits).toEqual([20, 19]);
  });

  it('when drained, lets deliveries that wait for a slot go on to be handed back, and claims no more', async () => {
    const test = poolFor(25, 10);
    test.pool.wake('any', 'job');
    await test.settle();
    expect(test.publishing).toHaveLength(10);
    const drained = test.pool.drain(0);
    // All twenty go on: ten in a slot, ten to hand back.
    while (test.publishing.length < 20) await tick();
    await test.leave(20);
    expect(await drained).toBe(true);
    expect(test.claimed()).toBe(20);
  });
});
