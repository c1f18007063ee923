import { describe, expect, it } from '@jest/globals';
import type { ClaimedDelivery } from '../src/delivery/delivery.ts';
import { STALL_MS } from '../src/delivery/delivery.ts';
import { startDeadline } from '../src/delivery/deadline.ts';

const minutes = (count: number) => count * 60_000;

function attemptWith(byteSizes: number[]) {
  let nowMs = 0;
  const media = byteSizes.map((byteSize) => ({ byteSize })) as ClaimedDelivery['media'];
  const deadline = startDeadline({ now: () => new Date(), monotonicMs: () => nowMs }, { media }, STALL_MS);
  return {
    deadline,
    /** Makes one step a minute for this time. */
    goOnFor: (ms: number) => {
      for (let passed = 0; passed < ms; passed += minutes(1)) {
        nowMs += minutes(1);
        deadline.noteStep();
      }
    },
    waitFor: (ms: number) => void (nowMs += ms),
  };
}

describe('the deadline of an attempt', () => {
  it('comes when the attempt makes no step forward for two minutes', () => {
    const { deadline, goOnFor, waitFor } = attemptWith([]);
    goOnFor(minutes(5));
    waitFor(minutes(2));
    expect(deadline.overdue()).toBeUndefined();
    waitFor(1);
    expect(deadline.overdue()?.message).toMatch(/no step further for 120 s/);
  });

  it('lets the upload of a large video go on for hours while it moves', () => {
    const { deadline, goOnFor } = attemptWith([1_000_000_000]);
    goOnFor(minutes(170));
    expect(deadline.overdue()).toBeUndefined();
  });

  it.each([
    ['without files', [], 10],
    ['with 60 MB in two files', [40_000_000, 20_000_000], 20],
  ])('comes after the limit in all, however many steps the attempt makes: %s', (_, sizes, allowed) => {
    const { deadline, goOnFor } = attemptWith(sizes);
    goOnFor(minutes(allowed));
    expect(deadline.overdue()).toBeUndefined();
    goOnFor(minutes(1));
    expect(deadline.overdue()?.message).toMatch(/was not done after/);
  });
});
