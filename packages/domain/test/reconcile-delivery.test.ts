import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@solospark/foundation';
import type { ReconcileOutcome } from '@solospark/publishers';
import { MAX_ATTEMPTS } from '../src/delivery/delivery.ts';
import type { Hold } from '../src/publishing/hold.ts';
import type { OpenedCall } from '../src/publishing/open-call.ts';
import { reconcileDelivery } from '../src/publishing/reconcile-delivery.ts';

const settle = (outcome: ReconcileOutcome, claim: { attemptsUsed: number }) =>
  reconcileDelivery(
    { claim: { sendingAt: null, ...claim } } as Hold,
    {
      publisher: { name: 'The platform', reconcile: () => Promise.resolve(outcome) },
      call: { log: createLogger({ name: 'test', level: 'silent' }) },
    } as unknown as OpenedCall,
    { sendingSince: new Date() },
  );
const unproved = 'It is sent once more, as you chose.';

describe('a post that is absent', () => {
  it('is sent again, and given up as not there when it was proved', async () => {
    expect(await settle({ outcome: 'absent' }, { attemptsUsed: 1 })).toMatchObject({
      as: 'pending',
      outcome: 'absent',
      mayBeOut: false,
      failure: { reason: expect.stringContaining('is not there') },
    });
    expect(await settle({ outcome: 'absent' }, { attemptsUsed: MAX_ATTEMPTS - 1 })).toMatchObject({
      as: 'failed',
    });
  });

  it('is never said to be, where nothing has proved it', async () => {
    expect(await settle({ outcome: 'absent', unproved }, { attemptsUsed: 1 })).toMatchObject({
      as: 'pending',
      outcome: 'absent',
      failure: { reason: unproved },
    });
    expect(await settle({ outcome: 'absent', unproved }, { attemptsUsed: MAX_ATTEMPTS - 1 })).toMatchObject({
      as: 'uncertain',
      failure: { reason: unproved, actor: 'user' },
    });
  });
});
