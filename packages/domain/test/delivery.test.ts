import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@solospark/publishers';
import {
  MAX_AGE_MS,
  MAX_ATTEMPTS,
  retryDelayMs,
  retryOrGiveUp,
  waitOrGiveUp,
} from '../src/delivery/delivery.ts';

const failure: Failure = { kind: 'unavailable', actor: 'platform', reason: 'It is away.' };

describe('retryDelayMs', () => {
  it('doubles from two seconds to a quarter of an hour, half of it random', () => {
    const longest = (attempt: number) => retryDelayMs(attempt, () => 1);
    expect([1, 2, 3, 4].map(longest)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(longest(30)).toBe(900_000);
    expect(retryDelayMs(3, () => 0)).toBe(4_000);
  });
});

describe('retryOrGiveUp', () => {
  it('retries to the limit and then fails with the reason and the number of tries', () => {
    expect(retryOrGiveUp({ attemptsUsed: 0 }, 'retry', failure)).toMatchObject({
      as: 'pending',
      mayBeOut: false,
    });
    const last = retryOrGiveUp({ attemptsUsed: MAX_ATTEMPTS - 1 }, 'retry', failure);
    expect(last).toMatchObject({
      as: 'failed',
      failure: { reason: `It is away. It was tried ${MAX_ATTEMPTS} times.` },
    });
  });
});

describe('waitOrGiveUp', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  it('waits for the time that the platform named, a second at least, without using an attempt', () => {
    const wait = (ms: number) => waitOrGiveUp({ triedForMs: 0 }, new Date(now.getTime() + ms), now, failure);
    expect(wait(60_000)).toMatchObject({ outcome: 'wait_until', afterMs: 60_000, usesAttempt: false });
    expect(wait(-5)).toMatchObject({ afterMs: 1_000 });
  });
  it('gives up when it would wait past the age limit', () => {
    const until = new Date(now.getTime() + 1_000);
    expect(waitOrGiveUp({ triedForMs: MAX_AGE_MS }, until, now, failure)).toMatchObject({ as: 'failed' });
  });
});
