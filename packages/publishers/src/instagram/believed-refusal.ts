import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Refusal } from '../answer.ts';
import type { PublishCall } from '../publisher.ts';

/**
 * What `media_publish` refused is not believed at once, since Instagram has refused posts that it did publish. It is
 * put down here; when the container then proves that nothing was published, the next `prepare` acts on it: an
 * expired connection fails as that, a rate limit waits. Without this the same refusal would be asked for again.
 */
export async function putDownRefusal(call: PublishCall, refusal: Refusal | null): Promise<void> {
  const until = refusal?.outcome === 'wait-until' ? { until: refusal.until.toISOString() } : {};
  await call.remember({ refusal: refusal && { ...refusal, ...until } });
}

export async function takeBelievedRefusal(call: PublishCall): Promise<Refusal | null> {
  const { refusal } = call.witness;
  if (!Value.Check(StoredRefusal, refusal)) return null;
  await call.remember({ refusal: null });
  const stored = refusal as unknown as Refusal;
  if (stored.outcome !== 'wait-until') return stored;
  const until = new Date(stored.until);
  // Over by now: nothing to wait for.
  return until > call.now() ? { ...stored, until } : null;
}

const StoredRefusal = Type.Object({
  outcome: Type.Union([Type.Literal('retry'), Type.Literal('wait-until'), Type.Literal('failed')]),
  failure: Type.Object({ kind: Type.String(), actor: Type.String(), reason: Type.String() }),
});
