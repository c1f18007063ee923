import type { SqlRunner } from '@solospark/db';
import type { Limits } from '@solospark/publishers';
import { SEALED_COLUMNS } from './credentials.repository.ts';
import type { SealedChannel } from './channel.ts';

/**
 * Takes active channels of these platforms whose limits are due to be read, the longest overdue first. Each is due again
 * after `againAfterMs`, even if the reading fails; `keepLimits` sets a later time.
 */
export async function takeDueForLimits(
  db: SqlRunner,
  options: { platforms: string[]; limit: number; againAfterMs: number },
): Promise<SealedChannel[]> {
  return db.query<SealedChannel>(
    `UPDATE channel SET limits_due_at = now() + make_interval(secs => $3::float8 / 1000)
     WHERE id IN (
       SELECT id FROM channel
       WHERE status = 'active' AND platform = ANY ($1::text[]) AND limits_due_at <= now()
       ORDER BY limits_due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING ${SEALED_COLUMNS}`,
    [options.platforms, options.limit, options.againAfterMs],
  );
}

export async function keepLimits(
  db: SqlRunner,
  channel: { id: string; limits: Limits; againAfterMs: number },
): Promise<void> {
  await db.query(
    `UPDATE channel SET limits = $2, limits_due_at = now() + make_interval(secs => $3::float8 / 1000) WHERE id = $1`,
    [channel.id, JSON.stringify(channel.limits), channel.againAfterMs],
  );
}
