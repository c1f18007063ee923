import type { SqlRunner } from '@solospark/db';
import { LEASE_MS } from './delivery.ts';

/**
 * Frees what nobody would ever look at again, or not for a month: without a time, or with one that a clock far ahead has
 * written. The table's own constraints keep most of it from being written; this is for what comes by other ways, such as a
 * restored backup. What a living worker holds is renewed by it within seconds, and what was taken from it is fenced.
 * @returns the ids of what was freed
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
