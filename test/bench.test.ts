import { describe, expect, it } from '@jest/globals';
import { latenessOf } from '../bench/measures/lateness.ts';
import { median, percentile, ratios, show } from '../bench/measures/statistics.ts';

// A figure of the bench counts only if every post came exactly once and none came early.

const posts = [1, 2, 3, 4].map((number) => ({ number, dueAt: new Date(1_000) }));
const arrivals = posts.map(({ number }) => ({ number, at: 1_000 + number * 100 }));

describe('the lateness of a run', () => {
  it('is arrival minus due instant, and the rate goes up to the last arrival', () => {
    expect(latenessOf('us', posts, arrivals)).toEqual({
      p50: 200,
      p95: 400,
      p99: 400,
      max: 400,
      perSecond: 10,
    });
  });

  it.each([
    ['a post that did not come', arrivals.slice(1), '3 of 4'],
    ['a post that came twice', [...arrivals, { number: 2, at: 1_500 }], 'post 2 twice'],
    ['a post that came early', [{ number: 1, at: 999 }, ...arrivals.slice(1)], 'post 1 1 ms early'],
    ['a post that nobody scheduled', [...arrivals, { number: 9, at: 1_500 }], 'post 9'],
  ])('is an error with %s', (_what, came, says) => {
    expect(() => latenessOf('us', posts, came)).toThrow(says);
  });
});

describe('the figures', () => {
  it('show the median and the range', () => {
    expect(show([30, 10, 20])).toBe('20 (10..30)');
    expect(show([1.234], 2)).toBe('1.23');
  });

  it('do not hide a run in which it never happened', () => {
    expect(show([3, Number.POSITIVE_INFINITY, 5])).toBe('5 (3..never)');
    expect(show([Number.POSITIVE_INFINITY])).toBe('never');
  });

  it('compare each run with the one beside it', () => {
    expect(ratios([10, 30], [20, 10])).toEqual([0.5, 3]);
  });

  it('take percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), median([4, 1, 2, 3])]).toEqual([
      50, 99, 2.5,
    ]);
  });
});
