import type { Database, SqlRunner } from '@solospark/db';

export type ChannelStatus = 'active' | 'needs_reconnect' | 'disabled';

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

export async function findChannels(db: Database, organizationId: string): Promise<ChannelSummary[]> {
  return db.prisma.channel.findMany({
    where: { organizationId },
    select: SUMMARY,
    orderBy: [{ platform: 'asc' }, { handle: 'asc' }],
  });
}

export async function findActiveChannels(db: Database, organizationId: string): Promise<ChannelSummary[]> {
  return db.prisma.channel.findMany({ where: { organizationId, status: 'active' }, select: SUMMARY });
}

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
     RETURNING id, platform, handle, remote_account_id AS "remoteAccountId", sandbox, status, created_at AS "createdAt"`,
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
