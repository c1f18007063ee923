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

/** What is made of a look at a call of this very claim, made at START, which was answered unclearly. */
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
  it('is sent again, and given up as not there when it was proved', async () => {
    expect(await settle({ outcome: 'absent' }, {})).toMatchObject({
      outcome: 'absent',
      mayBeOut: false,
      failure: { reason: expect.stringContaining('is not there') },
    });
    expect(await settle({ outcome: 'absent' }, { attemptsUsed: MAX_ATTEMPTS - 1 })).toMatchObject({
      outcome: 'failed',
    });
  });

  it('is never said to be, where nothing has proved it', async () => {
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

  it('may be sent again, but is not said to be absent, while the call may still land', async () => {
    expect(await settle({ outcome: 'absent' }, { begunMs: LANDS_WITHIN_MS - 1 })).toMatchObject({
      outcome: 'absent',
      mayBeOut: true,
      absenceUnproved: true,
      failure: { reason: expect.not.stringMatching(/not there|did not take|not sent/i) },
    });
  });

  it('is not given up with its last try while the call may still land: it is looked for when it can no longer', async () => {
    const last = { attemptsUsed: MAX_ATTEMPTS - 1 };
    expect(await settle({ outcome: 'absent' }, { ...last, begunMs: LANDS_WITHIN_MS - 1_000 })).toMatchObject({
      outcome: 'ask_again',
      afterMs: 1_000,
      mayBeOut: true,
    });
    // A process that stopped between the look and its answer has looked no later for that.
    const stopped = { ...last, begunMs: 1_000, answeredMs: 60 * 60_000 };
    expect(await settle({ outcome: 'absent' }, stopped)).toMatchObject({
      outcome: 'ask_again',
    });
  });

  it('is not believed to be before a call that took longer than it may has ended', async () => {
    const slept = { callEndedMs: 300_000, begunMs: 299_999 };
    expect(await settle({ outcome: 'absent' }, slept)).toMatchObject({ mayBeOut: true });
    expect(await settle({ outcome: 'absent' }, { ...slept, begunMs: 300_000 })).toMatchObject({
      mayBeOut: false,
    });
  });
});

describe('what a later try says', () => {
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

  it('is all there is to say where nothing was sent before', () => {
    const sentNothing = { sendingAt: null, absenceUnproved: false };
    for (const settlement of [handedBack, { outcome: 'failed', failure } as const]) {
      expect(stillInDoubt(sentNothing, settlement)).toBe(settlement);
    }
  });

  it('leaves an earlier sending in doubt, and a failure waits for another look at it', () => {
    expect(stillInDoubt(doubt, handedBack)).toEqual({ ...handedBack, mayBeOut: true, absenceUnproved: true });
    expect(stillInDoubt(doubt, { outcome: 'failed', failure })).toMatchObject({
      outcome: 'ask_again',
      mayBeOut: true,
    });
  });

  it('is for a person to judge where the earlier sending cannot be looked for', () => {
    expect(
      stillInDoubt({ sendingAt: at(0), absenceUnproved: false }, { outcome: 'failed', failure }),
    ).toMatchObject({ outcome: 'uncertain', failure: { reason: expect.stringContaining('It may be out') } });
  });
});
