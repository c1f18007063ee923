import type { SqlRunner } from '@solospark/db';
import {
  SUMMARY_COLUMNS,
  type ChannelSummary,
  type ConnectedChannel,
} from '../channel/channel.repository.ts';
import { DEFAULT_LATE_LIMIT_MINUTES } from '../delivery/expiry.ts';

/**
 * Stores new credentials for an account that has a channel; its row, and all that refers to it, stays. Deliveries that waited
 * for this become claimable at once; so do those that failed for this reason, if they may still be that late.
 *
 * Undefined, and nothing is changed, when the channel is active and `evenIfActive` is false, when only one of the two is of
 * the sandbox, or when its credentials are not of `ifVersion` any more.
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
