import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@solospark/publishers';
import { healthSign } from '../src/delivery/circuit.ts';
import type { PendingSettlement, Settlement } from '../src/delivery/delivery.ts';

const failure = (kind: Failure['kind']): Failure => ({ kind, actor: 'platform', reason: 'Because.' });
const pending = (outcome: PendingSettlement['outcome'], kind: Failure['kind']): Settlement => ({
  outcome,
  afterMs: 0,
  usesAttempt: true,
  mayBeOut: false,
  failure: failure(kind),
});
const fresh = { sendingAt: null };
const takenOver = { sendingAt: new Date() };

describe('healthSign', () => {
  it.each<[string, Settlement]>([
    ['a receipt', { outcome: 'published', receipt: { remoteId: '1', url: null } }],
    ['a refused text', { outcome: 'failed', failure: failure('rejected_content') }],
    ['a refused token', { outcome: 'failed', failure: failure('auth_expired') }],
    ['a full budget', pending('wait_until', 'rate_limited')],
    ['a video that is still being processed', pending('wait_until', 'unavailable')],
  ])('takes %s for an answer', (_, settlement) => {
    expect(healthSign(fresh, settlement, true)).toBe('answers');
  });

  it.each<[string, Settlement]>([
    ['a platform that is away', pending('retry', 'unavailable')],
    ['a call without an answer', pending('ask_again', 'unknown')],
    ['a call that was proved to have done nothing', pending('absent', 'unavailable')],
    ['a call that nobody can look up', { outcome: 'uncertain', failure: failure('unknown') }],
    ['tries that are used up', { outcome: 'failed', failure: failure('unavailable') }],
  ])('takes %s for a failure', (_, settlement) => {
    expect(healthSign(fresh, settlement, true)).toBe('fails');
  });

  it('says nothing about a claim that never asked, was handed back, or looked up an earlier sending', () => {
    expect(healthSign(fresh, { outcome: 'failed', failure: failure('unavailable') }, false)).toBeUndefined();
    expect(healthSign(fresh, pending('wait_until', 'rate_limited'), false)).toBeUndefined();
    expect(healthSign(fresh, pending('handed_back', 'unknown'), true)).toBeUndefined();
    expect(healthSign(takenOver, pending('ask_again', 'unknown'), true)).toBeUndefined();
  });
});
