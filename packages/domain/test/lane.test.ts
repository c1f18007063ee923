import { createLogger } from '@solospark/foundation';
import { describe, expect, it } from '@jest/globals';
import type { ClaimedDelivery } from '../src/delivery/delivery.ts';
import { openLane } from '../src/worker/lane.ts';
import type { RunningDeliveries, TakePlace } from '../src/worker/running-deliveries.ts';

// A lane's bookkeeping: how many are with the platform, how many are claimed ahead, and when it looks again.

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A line of `waiting` deliveries, and the platform's side: whoever has a place stays until it is told to leave. */
function lineOf(waiting: number, concurrency: number) {
  const limits: number[] = [];
  const seated: (() => void)[] = [];
  const handBack = new AbortController();
  let unclaimed = waiting;
  let claimed = 0;
  const running: Pick<RunningDeliveries, 'take' | 'ids'> = {
    ids: () => [],
    async take(claim, takePlace: TakePlace) {
      const claims = await claim();
      claims.forEach((each) => void takePlace(each, handBack.signal).then((leave) => seated.push(leave)));
      return claims.length;
    },
  };
  const lane = openLane({
    platform: 'any',
    concurrency,
    manyServers: false,
    running: running as RunningDeliveries,
    async claim({ limit }) {
      limits.push(limit);
      await turn();
      const given = Math.min(limit, unclaimed);
      unclaimed -= given;
      claimed += given;
      return Array.from({ length: given }, (): ClaimedDelivery => ({}) as ClaimedDelivery);
    },
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  const settle = async () => {
    for (let round = 0; round < 20; round += 1) await turn();
  };
  return {
    lane,
    limits,
    seated,
    handBack,
    claimed: () => claimed,
    settle,
    async leave(count: number) {
      for (const leave of seated.splice(0, count)) leave();
      await settle();
    },
  };
}

describe('a lane', () => {
  it('has only so many with the platform, and claims as many again ahead', async () => {
    const line = lineOf(100, 10);
    line.lane.wake('job');
    await line.settle();
    expect(line.seated).toHaveLength(10);
    expect(line.claimed()).toBe(20);
  });

  it('fills a place at once, and claims again only when half of the places are to be filled', async () => {
    const line = lineOf(100, 10);
    line.lane.wake('job');
    await line.settle();
    const claims = line.limits.length;
    await line.leave(4);
    expect(line.seated).toHaveLength(10);
    expect(line.limits).toHaveLength(claims);
    await line.leave(1);
    expect(line.limits.slice(claims)).toEqual([5]);
  });

  it('goes on until the line is empty, and then does not look any more', async () => {
    const line = lineOf(47, 10);
    line.lane.wake('job');
    await line.settle();
    for (let round = 0; round < 100 && line.seated.length > 0; round += 1) await line.leave(1);
    expect(line.claimed()).toBe(47);
    const looks = line.limits.length;
    await line.settle();
    expect(line.limits).toHaveLength(looks);
  });

  it('looks again when it is woken during a look: what came meanwhile is not overlooked', async () => {
    const line = lineOf(1, 10);
    line.lane.wake('job');
    line.lane.wake('job');
    line.lane.wake('reconciler');
    await line.settle();
    expect(line.limits).toEqual([20, 19]);
  });

  it('lets those go that wait for a place when they are asked to hand back, and gives them none', async () => {
    const line = lineOf(15, 10);
    line.lane.wake('job');
    await line.settle();
    line.handBack.abort();
    await line.settle();
    // All fifteen may go on: ten with a place, five to hand back. The five leaving make no room.
    expect(line.seated).toHaveLength(15);
    line.lane.close();
    await line.leave(15);
    expect(line.claimed()).toBe(15);
  });
});
