import { inBatches, type Database, type SqlRunner } from '@solospark/db';
import { DEFAULT_LATE_LIMIT_MINUTES } from '../delivery/late-policy.ts';
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
  /** While it is disconnected its posts wait until it is connected again; else they fail. */
  holdsPosts: boolean;
  /** Why it needs to be connected again. */
  reconnectReason: string | null;
  /** What the account's server takes, as it lies in the row: read it with `limitsOf`. */
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
 * Which of a platform's servers a channel lives on, in one word: the author's own (an origin), the sandbox, or the
 * platform's (empty). What fails and what has a budget is kept apart by it.
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

/** What a channel is given when it is connected, for the first time or again. */
interface ConnectedChannel extends Account, CredentialDates {
  id: string;
  handle: string;
  sandbox: boolean;
  sealedCredentials: string;
}

/** Undefined when the organization has a channel for this account already. */
export async function insertChannel(
  db: SqlRunner,
  channel: ConnectedChannel,
): Promise<ChannelSummary | undefined> {
  const rows = await db.query<ChannelSummary>(
    `INSERT INTO channel (id, organization_id, platform, server, remote_account_id, handle, sandbox, sealed_credentials,
                          refresh_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (organization_id, platform, server, remote_account_id) DO NOTHING
     RETURNING ${SUMMARY_COLUMNS}`,
    [
      channel.id,
      channel.organizationId,
      channel.platform,
      channel.server,
      channel.remoteAccountId,
      channel.handle,
      channel.sandbox,
      channel.sealedCredentials,
      channel.refreshAt,
      channel.expiresAt,
    ],
  );
  return rows[0];
}

/**
 * New credentials for an account that has a channel; its row, and all that refers to it, stays. What waited for this
 * may be claimed at once; and so may what has failed for want of it, if it may still be that late. Undefined when it is active and
 * `evenIfActive` is not said, or is not the sandbox's where that is wanted; or its credentials are not of `ifVersion` any more.
 */
export async function reconnectChannel(
  db: SqlRunner,
  channel: ConnectedChannel & { evenIfActive: boolean; ifVersion?: number | undefined },
): Promise<ChannelSummary | undefined> {
  const rows = await db.query<ChannelSummary>(
    `WITH reconnected AS (
       UPDATE channel
       SET status = 'active', handle = $2, sealed_credentials = $4,
           credentials_version = credentials_version + 1, refresh_at = $5, expires_at = $6, refreshing_until = NULL,
           reconnect_reason = NULL, holds_posts = false, updated_at = now()
       WHERE id = $1 AND sandbox = $3 AND (status <> 'active' OR $7) AND ($8::int IS NULL OR credentials_version = $8)
       RETURNING ${SUMMARY_COLUMNS}
     ), waiting AS (
       UPDATE delivery SET next_attempt_at = now(), turn_at = now(), updated_at = now()
       FROM reconnected
       WHERE channel_id = reconnected.id AND delivery.status = 'pending' AND next_attempt_at > now()
         AND failure_kind = 'auth_expired'
     ), failed_for_it AS (
       UPDATE delivery d
       SET status = 'pending', next_attempt_at = now(), turn_at = now(), attempts_used = 0, failure_kind = NULL,
           failure_actor = NULL, failure_reason = NULL, failure_platform_message = NULL, updated_at = now()
       FROM reconnected, post p
       WHERE d.channel_id = reconnected.id AND d.status = 'failed' AND d.failure_kind = 'auth_expired'
         AND p.id = d.post_id AND p.deleted_at IS NULL AND p.status IN ('failed', 'partially_published', 'publishing')
         AND now() < d.due_at + make_interval(mins => COALESCE(p.late_limit_minutes, ${DEFAULT_LATE_LIMIT_MINUTES}))
       RETURNING d.post_id
     ), reopened AS (
       UPDATE post SET status = 'publishing', revision = revision + 1, updated_at = now()
       FROM failed_for_it WHERE post.id = failed_for_it.post_id
     )
     SELECT * FROM reconnected`,
    [
      channel.id,
      channel.handle,
      channel.sandbox,
      channel.sealedCredentials,
      channel.refreshAt,
      channel.expiresAt,
      channel.evenIfActive,
      channel.ifVersion ?? null,
    ],
  );
  return rows[0];
}
