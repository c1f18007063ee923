import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@solospark/publishers';
import { DEFAULT_LATE_LIMIT_MINUTES, expiredBefore, waitOrGiveUp } from '../src/delivery/expiry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Claimed for the first time. */
const first = (sinceDueMs: number) => ({ sinceDueMs, triedForMs: 0, sendingAt: null });

describe('expiredBefore', () => {
  it('lets a delivery go out as late as its post allows, and fails a later one', () => {
    expect(expiredBefore(first(30 * MINUTE), 30)).toBeUndefined();
    expect(expiredBefore(first(30 * MINUTE + 1), 30)).toMatchObject({
      kind: 'unavailable',
      actor: 'operator',
    });
  });

  it('allows a day where the author has set no limit', () => {
    expect(expiredBefore(first(DEFAULT_LATE_LIMIT_MINUTES * MINUTE), null)).toBeUndefined();
    expect(expiredBefore(first(24 * HOUR + 1), null)).toBeDefined();
    expect(expiredBefore(first(7 * 24 * HOUR), 7 * 24 * 60)).toBeUndefined();
  });

  it('says how late it was, that nothing was published, and what to do', () => {
    expect(expiredBefore(first(3 * HOUR + 59 * MINUTE), 60)?.reason).toBe(
      'It was 3 hours late, and may go out 60 minutes late at most. Nothing was published. ' +
        'Try it again to publish it now, or write it anew for another time.',
    );
    expect(expiredBefore(first(MINUTE + 1), 1)?.reason).toMatch(
      /^It was 1 minute late, and may go out 1 minute late/,
    );
    expect(expiredBefore(first(49 * HOUR), null)?.reason).toMatch(
      /^It was 2 days late, and may go out 24 hours late/,
    );
  });

  it('never fails a delivery that was first tried in time, however long ago', () => {
    const inTime = { sinceDueMs: 5 * HOUR, triedForMs: 5 * HOUR - 2_000, sendingAt: null };
    expect(expiredBefore(inTime, 1)).toBeUndefined();
  });

  it('fails a delivery that was first tried too late, also after it was taken over from a dead worker', () => {
    const takenOver = { sinceDueMs: 5 * HOUR, triedForMs: 12_000, sendingAt: null };
    expect(expiredBefore(takenOver, 60)).toBeDefined();
  });

  it('never fails a delivery that may be out: it is looked up', () => {
    expect(expiredBefore({ ...first(48 * HOUR), sendingAt: new Date() }, 1)).toBeUndefined();
  });
});

describe('waitOrGiveUp', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  const failure: Failure = { kind: 'rate_limited', actor: 'platform', reason: 'X asks to slow down.' };
  const wait = (ms: number, claim: { sinceDueMs: number; lateLimitMinutes: number | null }) =>
    waitOrGiveUp(claim, new Date(now.getTime() + ms), now, failure);
  const fresh = { sinceDueMs: 0, lateLimitMinutes: null };

  it('waits until the given time, at least a second, without using up an attempt', () => {
    expect(wait(MINUTE, fresh)).toMatchObject({ outcome: 'wait_until', afterMs: MINUTE, usesAttempt: false });
    expect(wait(-5, fresh)).toMatchObject({ afterMs: 1_000 });
  });

  it('waits for the end of a daily limit that is told a few seconds after the post was due', () => {
    expect(wait(24 * HOUR + 3_000, { sinceDueMs: 2_000, lateLimitMinutes: null })).toMatchObject({
      afterMs: 24 * HOUR + 3_000,
    });
  });

  it('waits at most as long as the post may be late, and is tried once more then', () => {
    const aWeek = { sinceDueMs: 10 * MINUTE, lateLimitMinutes: 7 * 24 * 60 };
    expect(wait(25 * HOUR, aWeek)).toMatchObject({ afterMs: 25 * HOUR });
    const anHour = { sinceDueMs: 10 * MINUTE, lateLimitMinutes: 60 };
    expect(wait(25 * HOUR, anHour)).toMatchObject({ afterMs: 50 * MINUTE });
  });

  it('gives up after that, and says how long it may be late, that nothing was published, and what to do', () => {
    expect(wait(MINUTE, { sinceDueMs: HOUR, lateLimitMinutes: 60 })).toMatchObject({
      outcome: 'failed',
      failure: {
        kind: 'rate_limited',
        actor: 'platform',
        reason:
          'It had to wait for longer than the 60 minutes that it may be late, so it was given up. Nothing was published. ' +
          'Try it again to publish it now, or write it anew for another time.',
        detail: 'X asks to slow down.',
      },
    });
    expect(wait(MINUTE, { sinceDueMs: 25 * HOUR, lateLimitMinutes: null })).toMatchObject({
      failure: { reason: expect.stringMatching(/^It had to wait for more than a day/) },
    });
  });
});
