import type { Database, SqlRunner } from '@solospark/db';
import type { CredentialDates, SealedChannel } from './channel.ts';

// Renewal of credentials. One process at a time renews those of a channel: it takes a lease in the row, which ends with the
// new credentials or when its time is over. New credentials always get a higher version, so that what was learnt about older
// ones changes nothing.

type Versioned = Pick<SealedChannel, 'id' | 'credentialsVersion'>;

const SEALED = {
  id: true,
  organizationId: true,
  platform: true,
  server: true,
  sandbox: true,
  status: true,
  sealedCredentials: true,
  credentialsVersion: true,
} as const;

/** The same, for SQL. */
export const SEALED_COLUMNS = `id, organization_id AS "organizationId", platform, server, sandbox, status,
                 sealed_credentials AS "sealedCredentials", credentials_version AS "credentialsVersion"`;

/**
 * Takes the lease for a renewal; returns until when. Undefined: another process renews the credentials or has done so, or the
 * channel is not active any more.
 */
export async function takeRefresh(
  db: SqlRunner,
  channel: Versioned & { forMs: number; againAfterMs: number },
): Promise<Date | undefined> {
  const [row] = await db.query<{ until: Date }>(
    `UPDATE channel
     SET refreshing_until = now() + make_interval(secs => $3::float8 / 1000),
         refresh_at = now() + make_interval(secs => $4::float8 / 1000)
     WHERE id = $1 AND credentials_version = $2 AND status = 'active'
       AND (refreshing_until IS NULL OR refreshing_until <= now())
     RETURNING refreshing_until AS until`,
    [channel.id, channel.credentialsVersion, channel.forMs, channel.againAfterMs],
  );
  return row?.until;
}

/** Gives up this lease, but not one that another process has taken since. The time of the next renewal stays. */
export async function leaveRefresh(db: SqlRunner, channel: Versioned & { until: Date }): Promise<void> {
  await db.query(
    `UPDATE channel SET refreshing_until = NULL
     WHERE id = $1 AND credentials_version = $2 AND refreshing_until = $3`,
    [channel.id, channel.credentialsVersion, channel.until],
  );
}

/**
 * Stores renewed credentials in place of those that they were made from. A channel that was marked for reconnection meanwhile
 * is active again. False: a person has disconnected the channel or connected it again, and it stays as it is.
 */
export async function keepRefreshed(
  db: SqlRunner,
  channel: Versioned & CredentialDates & { renewed: string },
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE channel
     SET sealed_credentials = $3, credentials_version = credentials_version + 1, refresh_at = $4, expires_at = $5, refreshing_until = NULL, status = 'active',
         reconnect_reason = NULL, updated_at = now()
     WHERE id = $1 AND credentials_version = $2 AND status <> 'disabled'
     RETURNING id`,
    [channel.id, channel.credentialsVersion, channel.renewed, channel.refreshAt, channel.expiresAt],
  );
  return rows.length === 1;
}

/** The platform refuses these credentials for good. Nothing is changed when the channel has others by now. */
export async function markNeedsReconnect(
  db: SqlRunner,
  channel: Versioned & { reason: string },
): Promise<void> {
  await db.query(
    `UPDATE channel
     SET status = 'needs_reconnect', reconnect_reason = $3, refresh_at = NULL, refreshing_until = NULL, updated_at = now()
     WHERE id = $1 AND credentials_version = $2 AND status = 'active'`,
    [channel.id, channel.credentialsVersion, channel.reason],
  );
}

/** How often the platform has refused access to this delivery since its channel last got credentials. */
export async function countRefusals(
  db: SqlRunner,
  refused: { deliveryId: string; channelId: string },
): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*) FROM attempt a JOIN channel c ON c.id = $2
     WHERE a.delivery_id = $1 AND a.failure_kind = 'auth_expired' AND a.started_at >= c.updated_at`,
    [refused.deliveryId, refused.channelId],
  );
  return row?.count ?? 0;
}

export async function findSealedChannel(db: Database, id: string): Promise<SealedChannel | null> {
  return db.prisma.channel.findUnique({ where: { id }, select: SEALED });
}

/** Channels whose credentials are due for renewal and that no process renews; the longest overdue first. */
export async function findDueForRefresh(
  db: SqlRunner,
  options: { platforms: string[]; limit: number },
): Promise<SealedChannel[]> {
  return db.query<SealedChannel>(
    `SELECT ${SEALED_COLUMNS} FROM channel
     WHERE status = 'active' AND refresh_at <= now() AND (refreshing_until IS NULL OR refreshing_until <= now())
       AND platform = ANY ($1::text[])
     ORDER BY refresh_at LIMIT $2`,
    [options.platforms, options.limit],
  );
}

/** Up to `limit` channels whose credentials are sealed with another key than `keyId`. */
export async function findSealedOtherwise(
  db: SqlRunner,
  options: { keyId: string; limit: number },
): Promise<SealedChannel[]> {
  return db.query<SealedChannel>(
    `SELECT ${SEALED_COLUMNS} FROM channel
     WHERE sealed_credentials <> '' AND split_part(sealed_credentials, '.', 2) <> $1 ORDER BY id LIMIT $2`,
    [options.keyId, options.limit],
  );
}

/** Stores the same credentials sealed with another key; does nothing if they have changed meanwhile. */
export async function replaceSeal(
  db: Database,
  { id, sealedCredentials, resealed }: { id: string; sealedCredentials: string; resealed: string },
): Promise<void> {
  const where = { id, sealedCredentials };
  await db.prisma.channel.updateMany({ where, data: { sealedCredentials: resealed } });
}
