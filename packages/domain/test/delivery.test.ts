import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@solospark/publishers';
import {
  MAX_ATTEMPTS,
  retryDelayMs,
  retryOrGiveUp,
  withTime,
  type Settlement,
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
      mayBeOut: false,
    });
    const last = retryOrGiveUp({ attemptsUsed: MAX_ATTEMPTS - 1 }, 'retry', failure);
    expect(last).toMatchObject({
      outcome: 'failed',
      failure: { reason: `It is away. It was tried ${MAX_ATTEMPTS} times.` },
    });
  });
});

describe('withTime', () => {
  const wait = (afterMs: number): Settlement => ({
    outcome: 'wait_until',
    afterMs,
    usesAttempt: false,
    mayBeOut: false,
    failure,
  });
  const month = 32 * 24 * 3_600_000;

  it.each([
    [60_000, 60_000],
    [0, 0],
    [-5, 0],
    [Number.NaN, 60_000],
    [Infinity, 60_000],
    [-Infinity, 60_000],
    [1e300, month],
  ])('turns a wait of %p ms into %p ms, which a row can hold', (afterMs, bounded) => {
    expect(withTime(wait(afterMs))).toMatchObject({ afterMs: bounded });
  });

  it('leaves a final settlement as it is', () => {
    const end: Settlement = { outcome: 'failed', failure };
    expect(withTime(end)).toBe(end);
  });
});
