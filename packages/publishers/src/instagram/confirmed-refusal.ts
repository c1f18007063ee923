import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Refusal } from '../answer.ts';
import type { PublishCall, WaitUntil } from '../publisher.ts';

/**
 * Remembers a refusal of `media_publish` until the look-up confirms it, because Instagram has refused posts that it did publish.
 * When the container proves that nothing was published, the next `prepare` acts on the refusal: an expired connection fails, a
 * rate limit waits. Without this, the next attempt would send the same call and get the same refusal.
 */
export async function keepRefusal(call: PublishCall, refusal: Refusal | null): Promise<void> {
  const until = refusal?.outcome === 'wait_until' ? { until: refusal.until.toISOString() } : {};
  await call.remember({ refusal: refusal && { ...refusal, ...until } });
}

export async function takeConfirmedRefusal(call: PublishCall): Promise<Refusal | null> {
  const { refusal } = call.evidence;
  if (!Value.Check(StoredRefusal, refusal)) return null;
  await call.remember({ refusal: null });
  if (refusal.outcome !== 'wait_until' && refusal.outcome !== 'wait-until')
    return refusal as unknown as Refusal;
  const stored = refusal as unknown as WaitUntil;
  const until = new Date(stored.until);
  // The wait is over.
  return until > call.now() ? { ...stored, outcome: 'wait_until', until } : null;
}

const StoredRefusal = Type.Object({
  // Version 0.1 wrote it with a hyphen.
  outcome: Type.Enum(['retry', 'wait_until', 'wait-until', 'failed']),
  failure: Type.Object({ kind: Type.String(), actor: Type.String(), reason: Type.String() }),
});
