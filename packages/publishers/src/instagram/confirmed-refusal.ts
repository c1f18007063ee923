import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Refusal } from '../answer.ts';
import type { PublishCall, WaitUntil } from '../publisher.ts';

/**
 * What `media_publish` refused is not believed at once, since Instagram has refused posts that it did publish. It is
 * put down here; when the container then proves that nothing was published, the next `prepare` acts on it: an
 * expired connection fails as that, a rate limit waits. Without this the same refusal would be asked for again.
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
  // Over by now: nothing to wait for.
  return until > call.now() ? { ...stored, outcome: 'wait_until', until } : null;
}

const StoredRefusal = Type.Object({
  // With a hyphen by version 0.1.
  outcome: Type.Enum(['retry', 'wait_until', 'wait-until', 'failed']),
  failure: Type.Object({ kind: Type.String(), actor: Type.String(), reason: Type.String() }),
});
