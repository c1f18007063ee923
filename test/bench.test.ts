import { describe, expect, it } from '@jest/globals';
import { latenessOf } from '../bench/measures/lateness.ts';
import { median, percentile, ratios, show } from '../bench/measures/statistics.ts';

// A run of the bench counts only if every post arrived exactly once, and none arrived early.

const posts = [1, 2, 3, 4].map((number) => ({ number, dueAt: new Date(1_000) }));
const arrivals = posts.map(({ number }) => ({ number, at: 1_000 + number * 100 }));

describe('the lateness of a run', () => {
  it('is arrival minus due time, and the rate counts up to the last arrival', () => {
    expect(latenessOf('us', posts, arrivals)).toEqual({
      p50: 200,
      p95: 400,
      p99: 400,
      max: 400,
      perSecond: 10,
    });
  });

  it.each([
    ['did not arrive', arrivals.slice(1), '3 of 4'],
    ['arrived twice', [...arrivals, { number: 2, at: 1_500 }], 'post 2 twice'],
    ['arrived early', [{ number: 1, at: 999 }, ...arrivals.slice(1)], 'post 1 1 ms early'],
    ['was not scheduled', [...arrivals, { number: 9, at: 1_500 }], 'post 9'],
  ])('is an error when a post %s', (_what, came, says) => {
    expect(() => latenessOf('us', posts, came)).toThrow(says);
  });
});

describe('the figures of the bench', () => {
  it('show the median and the range', () => {
    expect(show([30, 10, 20])).toBe('20 (10..30)');
    expect(show([1.234], 2)).toBe('1.23');
  });

  it('show "never" for a run in which the event never happened', () => {
    expect(show([3, Number.POSITIVE_INFINITY, 5])).toBe('5 (3..never)');
    expect(show([Number.POSITIVE_INFINITY])).toBe('never');
  });

  it('compare run by run with the baseline', () => {
    expect(ratios([10, 30], [20, 10])).toEqual([0.5, 3]);
  });

  it('take percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), median([4, 1, 2, 3])]).toEqual([
      50, 99, 2.5,
    ]);
  });
});
