import type { SqlRunner } from '@solospark/db';
import { LEASE_MS } from './delivery.ts';

/**
 * Frees deliveries that would never be claimed again, or not for a month: they have no time, or one that a clock far ahead
 * has written. The table's constraints prevent most of this; the rest comes in by other ways, such as a restored backup. A
 * living worker renews the lease of what it holds within seconds, and a worker that lost a delivery is fenced off.
 * @returns the ids of the freed deliveries
 */
export async function freeStuckDeliveries(db: SqlRunner): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `WITH stuck AS (
       SELECT d.id FROM delivery d JOIN post p ON p.id = d.post_id
       WHERE p.status = 'publishing' AND (
         (d.status = 'pending' AND (d.next_attempt_at IS NULL OR d.next_attempt_at > now() + interval '33 days'))
         OR (d.status = 'publishing' AND (d.lease_until IS NULL OR d.lease_until > now() + interval '10 minutes')))
       FOR UPDATE OF d SKIP LOCKED
     )
     UPDATE delivery d
     SET due_at = COALESCE(d.due_at, now()), updated_at = now(),
         next_attempt_at = CASE WHEN d.status = 'pending' THEN now() ELSE d.next_attempt_at END,
         turn_at = CASE WHEN d.status = 'pending' THEN now() ELSE d.turn_at END,
         lease_until = CASE WHEN d.status = 'publishing' THEN now() + make_interval(secs => $1::float8 / 1000) END
     FROM stuck WHERE d.id = stuck.id
     RETURNING d.id`,
    [LEASE_MS],
  );
  return rows.map(({ id }) => id);
}
