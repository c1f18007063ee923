import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LATE_LIMIT_MINUTES, tooLate } from '../src/delivery/late-policy.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Claimed for the first time. */
const first = (sinceDueMs: number) => ({ sinceDueMs, triedForMs: 0, sendingAt: null });

describe('tooLate', () => {
  it('lets go out what is as late as its post allows, and fails what is later', () => {
    expect(tooLate(first(30 * MINUTE), 30)).toBeUndefined();
    expect(tooLate(first(30 * MINUTE + 1), 30)).toMatchObject({ kind: 'unavailable', actor: 'operator' });
  });

  it('allows a day where the author has not said', () => {
    expect(tooLate(first(DEFAULT_LATE_LIMIT_MINUTES * MINUTE), null)).toBeUndefined();
    expect(tooLate(first(24 * HOUR + 1), null)).toBeDefined();
    expect(tooLate(first(7 * 24 * HOUR), 7 * 24 * 60)).toBeUndefined();
  });

  it('says how late it was, that nothing was published, and what to do', () => {
    expect(tooLate(first(3 * HOUR + 59 * MINUTE), 60)?.reason).toBe(
      'It was 3 hours late, and may go out 60 minutes late at most. Nothing was published. ' +
        'Try it again to publish it now, or write it anew for another time.',
    );
    expect(tooLate(first(MINUTE + 1), 1)?.reason).toMatch(
      /^It was 1 minute late, and may go out 1 minute late/,
    );
    expect(tooLate(first(49 * HOUR), null)?.reason).toMatch(
      /^It was 2 days late, and may go out 24 hours late/,
    );
  });

  it('leaves alone what was first tried in time, however long that is ago', () => {
    const inTime = { sinceDueMs: 5 * HOUR, triedForMs: 5 * HOUR - 2_000, sendingAt: null };
    expect(tooLate(inTime, 1)).toBeUndefined();
  });

  it('still fails what was first tried too late and then taken over from a worker that died', () => {
    const takenOver = { sinceDueMs: 5 * HOUR, triedForMs: 12_000, sendingAt: null };
    expect(tooLate(takenOver, 60)).toBeDefined();
  });

  it('never fails what may be out: that is asked about', () => {
    expect(tooLate({ ...first(48 * HOUR), sendingAt: new Date() }, 1)).toBeUndefined();
  });
});
