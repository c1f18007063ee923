import type { SqlRunner } from '@solospark/db';

/** A platform is paused after this many channels in a row have failed without a clear answer. */
export const CHANNELS_TO_PAUSE = 3;

/** The first pause; each further one in a row is twice as long. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 2 * 60 * 1000;

/** What is paused on its own: a platform, or one server of a platform that is many. */
export interface CircuitKey {
  platform: string;
  endpoint: string;
}

/** The platform has given a clear answer: its failures are forgotten. */
export async function recordPlatformAnswers(
  db: SqlRunner,
  { platform, endpoint }: CircuitKey,
): Promise<void> {
  await db.query(`DELETE FROM platform_circuit WHERE platform = $1 AND endpoint = $2`, [platform, endpoint]);
}

/** The probe ended without asking the platform: another delivery may probe it. */
export async function giveProbeBack(db: SqlRunner, { platform, endpoint }: CircuitKey): Promise<void> {
  await db.query(
    `UPDATE platform_circuit SET paused_until = now()
     WHERE platform = $1 AND endpoint = $2 AND paused_until > now()`,
    [platform, endpoint],
  );
}

/**
 * Records that the platform, or this server of it, failed this channel. Returns the end of the pause if this failure paused
 * it. A claim that began before the last pause is ignored: it says nothing about the time after it.
 */
export async function recordPlatformFailure(
  db: SqlRunner,
  failed: CircuitKey & { channelId: string; claimedAt: Date; reason: string },
): Promise<Date | undefined> {
  const [row] = await db.query<{ pausedUntil: Date | null }>(
    `INSERT INTO platform_circuit AS c (platform, endpoint, failing_channels, reason)
     VALUES ($1, $7, ARRAY[$2::uuid], $4)
     ON CONFLICT (platform, endpoint) DO UPDATE
     SET failing_channels = ARRAY(SELECT DISTINCT unnest(c.failing_channels || EXCLUDED.failing_channels)),
         reason = EXCLUDED.reason,
         pauses = c.pauses + ${PAUSES}::int,
         paused_at = CASE WHEN ${PAUSES} THEN now() ELSE c.paused_at END,
         paused_until = CASE WHEN ${PAUSES}
           THEN now() + make_interval(secs => LEAST($6::float8, $5::float8 * 2 ^ LEAST(c.pauses, 20)) / 1000)
           ELSE c.paused_until END
     WHERE c.paused_at IS NULL OR $3::timestamptz > c.paused_at
     RETURNING CASE WHEN paused_at = now()::timestamptz(3) THEN paused_until END AS "pausedUntil"`,
    [
      failed.platform,
      failed.channelId,
      failed.claimedAt,
      failed.reason,
      FIRST_PAUSE_MS,
      LONGEST_PAUSE_MS,
      failed.endpoint,
    ],
  );
  return row?.pausedUntil ?? undefined;
}

/** Whether this failure pauses the platform. After a pause one failure is enough: it was the probe's. */
const PAUSES = `(c.pauses > 0 OR cardinality(
  ARRAY(SELECT DISTINCT unnest(c.failing_channels || EXCLUDED.failing_channels))) >= ${CHANNELS_TO_PAUSE})`;
