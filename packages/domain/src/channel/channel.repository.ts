import { inBatches, type Database, type SqlRunner } from '@solospark/db';
import type { ChannelStatus } from './channel.ts';

/** A channel without its credentials: what lists and checks need. */
export interface ChannelSummary {
  id: string;
  platform: string;
  handle: string;
  remoteAccountId: string;
  sandbox: boolean;
  status: ChannelStatus;
  createdAt: Date;
}

const SUMMARY = {
  id: true,
  platform: true,
  handle: true,
  remoteAccountId: true,
  sandbox: true,
  status: true,
  createdAt: true,
} as const;

/** The same, for SQL. */
export const SUMMARY_COLUMNS = `
  id, platform, handle, remote_account_id AS "remoteAccountId", sandbox, status, created_at AS "createdAt"`;

export async function findChannels(db: Database, organizationId: string): Promise<ChannelSummary[]> {
  return db.prisma.channel.findMany({
    where: { organizationId },
    select: SUMMARY,
    orderBy: [{ platform: 'asc' }, { handle: 'asc' }],
  });
}

/**
 * Those of the organization's active channels that have one of these ids, or are on one of these platforms. Those who ask at
 * the same time share a statement.
 */
export const findActiveChannels = inBatches(
  async (db, asked: { organizationId: string; ids: string[]; platforms: string[] }[]) => {
    const rows = await db.query<ChannelSummary & { organizationId: string }>(
      `SELECT ${SUMMARY_COLUMNS}, organization_id AS "organizationId" FROM channel
       WHERE organization_id = ANY ($1::text[]) AND status = 'active'
         AND (id = ANY ($2::uuid[]) OR platform = ANY ($3::text[]))`,
      [
        [...new Set(asked.map(({ organizationId }) => organizationId))],
        [...new Set(asked.flatMap(({ ids }) => ids))],
        [...new Set(asked.flatMap(({ platforms }) => platforms))],
      ],
    );
    return asked.map(({ organizationId, ids, platforms }): ChannelSummary[] =>
      rows.filter(
        (row) =>
          row.organizationId === organizationId && (ids.includes(row.id) || platforms.includes(row.platform)),
      ),
    );
  },
);

export async function findChannelByAccount(
  db: Database,
  account: { organizationId: string; platform: string; remoteAccountId: string },
): Promise<ChannelSummary | null> {
  return db.prisma.channel.findUnique({
    where: { organizationId_platform_remoteAccountId: account },
    select: SUMMARY,
  });
}

/** Undefined when the organization has a channel for this account already. */
export async function insertChannel(
  db: SqlRunner,
  channel: Omit<ChannelSummary, 'status' | 'createdAt'> & {
    organizationId: string;
    sealedCredentials: string;
  },
): Promise<ChannelSummary | undefined> {
  const rows = await db.query<ChannelSummary>(
    `INSERT INTO channel (id, organization_id, platform, remote_account_id, handle, sandbox, sealed_credentials)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (organization_id, platform, remote_account_id) DO NOTHING
     RETURNING ${SUMMARY_COLUMNS}`,
    [
      channel.id,
      channel.organizationId,
      channel.platform,
      channel.remoteAccountId,
      channel.handle,
      channel.sandbox,
      channel.sealedCredentials,
    ],
  );
  return rows[0];
}

/**
 * Connects an account again that is not connected now, with new credentials; its row, and all that refers to it, stays.
 * Undefined when it is connected, or is not the sandbox's where that is wanted.
 */
export async function reconnectChannel(
  db: SqlRunner,
  channel: Pick<ChannelSummary, 'id' | 'handle' | 'sandbox'> & { sealedCredentials: string },
): Promise<ChannelSummary | undefined> {
  const rows = await db.query<ChannelSummary>(
    `UPDATE channel SET status = 'active', handle = $2, sealed_credentials = $4, updated_at = now()
     WHERE id = $1 AND sandbox = $3 AND status <> 'active'
     RETURNING ${SUMMARY_COLUMNS}`,
    [channel.id, channel.handle, channel.sandbox, channel.sealedCredentials],
  );
  return rows[0];
}
