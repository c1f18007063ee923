import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@solospark/foundation';
import type { LookUpOutcome } from '@solospark/publishers';
import {
  MAX_ATTEMPTS,
  PUBLIC_CALL_TIMEOUT_MS,
  SEND_WINDOW_MS,
  stillInDoubt,
} from '../src/delivery/delivery.ts';
import type { Attempt } from '../src/delivery/open-attempt.ts';
import { lookUpDelivery } from '../src/delivery/look-up-delivery.ts';

const START = Date.parse('2026-11-22T10:00:00Z');
const LANDS_WITHIN_MS = SEND_WINDOW_MS + PUBLIC_CALL_TIMEOUT_MS;
const at = (ms: number) => new Date(START + ms);
const unproved = 'It is sent once more, as you chose.';

/** Looks up a public call of this claim, which was made at START and answered unclearly. */
function settle(
  outcome: LookUpOutcome,
  look: { attemptsUsed?: number; begunMs?: number; answeredMs?: number; callEndedMs?: number },
) {
  const { attemptsUsed = 1, begunMs = LANDS_WITHIN_MS, answeredMs = begunMs, callEndedMs = 1_000 } = look;
  let nowMs = begunMs;
  return lookUpDelivery(
    {
      claim: { sendingAt: null, attemptsUsed },
      now: () => at(nowMs),
      publisher: {
        name: 'The platform',
        lookUp: () => {
          nowMs = answeredMs;
          return Promise.resolve(outcome);
        },
      },
      call: { log: createLogger({ name: 'test', level: 'silent' }) },
    } as unknown as Attempt,
    { sendingSince: at(0), callEndedAt: at(callEndedMs) },
  );
}

describe('a post that is absent', () => {
  it('is sent again when its absence is proved, and after the last try fails as not there', async () => {
    expect(await settle({ outcome: 'absent' }, {})).toMatchObject({
      outcome: 'absent',
      mayBeOut: false,
      failure: { reason: expect.stringContaining('is not there') },
    });
    expect(await settle({ outcome: 'absent' }, { attemptsUsed: MAX_ATTEMPTS - 1 })).toMatchObject({
      outcome: 'failed',
    });
  });

  it('is not reported as absent without a proof: it is sent again, and after the last try uncertain', async () => {
    expect(await settle({ outcome: 'absent', unproved }, {})).toMatchObject({
      outcome: 'absent',
      mayBeOut: true,
      absenceUnproved: true,
      failure: { reason: unproved },
    });
    expect(await settle({ outcome: 'absent', unproved }, { attemptsUsed: MAX_ATTEMPTS - 1 })).toMatchObject({
      outcome: 'uncertain',
      failure: { reason: unproved, actor: 'user' },
    });
  });

  it('is sent again, but not reported as absent, while the call may still land', async () => {
    expect(await settle({ outcome: 'absent' }, { begunMs: LANDS_WITHIN_MS - 1 })).toMatchObject({
      outcome: 'absent',
      mayBeOut: true,
      absenceUnproved: true,
      failure: { reason: expect.not.stringMatching(/not there|did not take|not sent/i) },
    });
  });

  it('does not fail with its last try while the call may still land: it is looked up when it no longer can', async () => {
    const last = { attemptsUsed: MAX_ATTEMPTS - 1 };
    expect(await settle({ outcome: 'absent' }, { ...last, begunMs: LANDS_WITHIN_MS - 1_000 })).toMatchObject({
      outcome: 'ask_again',
      afterMs: 1_000,
      mayBeOut: true,
    });
    // A process that was stopped during the look-up: the time at which it began counts.
    const stopped = { ...last, begunMs: 1_000, answeredMs: 60 * 60_000 };
    expect(await settle({ outcome: 'absent' }, stopped)).toMatchObject({
      outcome: 'ask_again',
    });
  });

  it('is not proved to be absent before the end of a call that took longer than its time limit', async () => {
    const slept = { callEndedMs: 300_000, begunMs: 299_999 };
    expect(await settle({ outcome: 'absent' }, slept)).toMatchObject({ mayBeOut: true });
    expect(await settle({ outcome: 'absent' }, { ...slept, begunMs: 300_000 })).toMatchObject({
      mayBeOut: false,
    });
  });
});

describe('the settlement of a later try', () => {
  const failure = {
    kind: 'rejected_content',
    actor: 'user',
    reason: 'Refused. Nothing was published.',
  } as const;
  const handedBack = {
    outcome: 'handed_back',
    afterMs: 0,
    usesAttempt: false,
    mayBeOut: false,
    failure: null,
  } as const;
  const doubt = { sendingAt: at(0), absenceUnproved: true };

  it('is kept as it is where nothing was sent before', () => {
    const sentNothing = { sendingAt: null, absenceUnproved: false };
    for (const settlement of [handedBack, { outcome: 'failed', failure } as const]) {
      expect(stillInDoubt(sentNothing, settlement)).toBe(settlement);
    }
  });

  it('leaves an earlier sending in doubt, and a failure waits for another look-up', () => {
    expect(stillInDoubt(doubt, handedBack)).toEqual({ ...handedBack, mayBeOut: true, absenceUnproved: true });
    expect(stillInDoubt(doubt, { outcome: 'failed', failure })).toMatchObject({
      outcome: 'ask_again',
      mayBeOut: true,
    });
  });

  it('becomes uncertain where it failed and the earlier sending was not looked up', () => {
    expect(
      stillInDoubt({ sendingAt: at(0), absenceUnproved: false }, { outcome: 'failed', failure }),
    ).toMatchObject({ outcome: 'uncertain', failure: { reason: expect.stringContaining('It may be out') } });
  });
});
