import { inBatches, type Database } from '@solospark/db';
import type { ChannelStatus, CredentialDates } from './channel.ts';

/** A channel without its credentials: what lists and checks need. */
export interface ChannelSummary {
  id: string;
  platform: string;
  handle: string;
  remoteAccountId: string;
  /** The origin of the author's server; empty: the platform's own, or the sandbox. */
  server: string;
  sandbox: boolean;
  status: ChannelStatus;
  /** When the connection ends unless its author connects it again; null: it does not end by itself. */
  expiresAt: Date | null;
  /** True: while it is disconnected its posts wait until it is connected again. False: they fail. */
  holdsPosts: boolean;
  /** Why it needs to be connected again. */
  reconnectReason: string | null;
  /** The limits of the account's server, as stored: read them with `limitsOf`. */
  limits: unknown;
  createdAt: Date;
}

const SUMMARY = {
  id: true,
  platform: true,
  handle: true,
  remoteAccountId: true,
  server: true,
  sandbox: true,
  status: true,
  expiresAt: true,
  holdsPosts: true,
  reconnectReason: true,
  limits: true,
  createdAt: true,
} as const;

/** The same, for SQL. */
export const SUMMARY_COLUMNS = `
  id, platform, handle, remote_account_id AS "remoteAccountId", server, sandbox, status, expires_at AS "expiresAt",
  holds_posts AS "holdsPosts", reconnect_reason AS "reconnectReason", limits, created_at AS "createdAt"`;

/**
 * Which of a platform's servers a channel lives on, in one word: the author's own (an origin), the sandbox, or the platform's
 * (empty). Each has its own circuit and budgets.
 */
export const ENDPOINT = `CASE WHEN sandbox THEN rtrim('sandbox ' || server) ELSE server END`;

export async function findChannels(db: Database, organizationId: string): Promise<ChannelSummary[]> {
  return db.prisma.channel.findMany({
    where: { organizationId },
    select: SUMMARY,
    orderBy: [{ platform: 'asc' }, { handle: 'asc' }],
  });
}

/**
 * Those of the organization's active channels that have one of these ids, or are on one of these platforms. Concurrent calls
 * share a statement.
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

interface Account {
  organizationId: string;
  platform: string;
  server: string;
  remoteAccountId: string;
}

export async function findChannelByAccount(db: Database, account: Account): Promise<ChannelSummary | null> {
  const { organizationId, platform, server, remoteAccountId } = account;
  return db.prisma.channel.findUnique({
    where: {
      organizationId_platform_server_remoteAccountId: { organizationId, platform, server, remoteAccountId },
    },
    select: SUMMARY,
  });
}

/** What is stored when a channel is connected, for the first time or again. */
export interface ConnectedChannel extends Account, CredentialDates {
  id: string;
  handle: string;
  sandbox: boolean;
  sealedCredentials: string;
}

/** Undefined when the organization has a channel for this account already. */
export async function insertChannel(
  db: Database,
  channel: ConnectedChannel,
): Promise<ChannelSummary | undefined> {
  const [row] = await db.prisma.channel.createManyAndReturn({
    data: channel,
    skipDuplicates: true,
    select: SUMMARY,
  });
  return row;
}
