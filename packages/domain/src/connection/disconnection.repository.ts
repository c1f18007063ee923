import type { Database, SqlRunner } from '@solospark/db';
import type { Failure } from '@solospark/publishers';
import { settlePosts } from '../delivery/settle-posts.repository.ts';
import { SUMMARY_COLUMNS, type ChannelSummary } from '../channel/channel.repository.ts';

/**
 * Disables a channel, wipes its credentials, and fails (or holds) its deliveries that have fired and are not sent, in one
 * transaction. After it nothing goes out on the channel, whatever fires, is tried again or is held by a worker at that
 * moment.
 *
 * It locks the channel, so that no new delivery can refer to it meanwhile, and every delivery of it that may yet go out. So
 * nothing becomes claimable until the commit, and a claim after it sees that the channel is disabled. A present holder is
 * fenced off: it finds out before it may send.
 *
 * @returns undefined when the organization has no such channel; `being_sent`, and nothing is changed, while something is
 * being sent on it or looked up.
 */
export async function disableChannel(
  db: Database,
  channel: { organizationId: string; id: string; changeId: string; posts: 'hold' | 'fail' | undefined },
  failure: Failure,
): Promise<ChannelSummary | 'being_sent' | undefined> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<ChannelSummary & { isMade: boolean }>(
      `SELECT ${SUMMARY_COLUMNS}, COALESCE(last_disconnection = $3, false) AS "isMade"
       FROM channel WHERE id = $1 AND organization_id = $2 FOR UPDATE`,
      [channel.id, channel.organizationId, channel.changeId],
    );
    if (!row) return undefined;
    const { isMade, ...found } = row;
    const holds = channel.posts ? channel.posts === 'hold' : found.status === 'disabled' && found.holdsPosts;
    // Made before (its answer was lost), or nothing to change. An account that was connected again since stays connected.
    if (isMade || (found.status === 'disabled' && found.holdsPosts === holds)) return found;
    if (await lockDeliveries(tx, channel.id)) return 'being_sent';
    await (holds ? holdFired(tx, channel.id) : failFired(tx, channel.id, failure));
    const [disabled] = await tx.query<ChannelSummary>(
      `UPDATE channel SET status = 'disabled', sealed_credentials = '', holds_posts = $2, last_disconnection = $3,
         updated_at = now()
       WHERE id = $1 RETURNING ${SUMMARY_COLUMNS}`,
      [channel.id, holds, channel.changeId],
    );
    return disabled;
  });
}

/** True when one of them may be out: it was sent just now, or is being looked up. */
async function lockDeliveries(tx: SqlRunner, channelId: string): Promise<boolean> {
  const [row] = await tx.query<{ beingSent: boolean }>(
    // Also deliveries that have not fired or have failed: a post that fires, or is tried again, waits for this to end.
    `WITH locked AS (
       SELECT status, sending_at FROM delivery
       WHERE channel_id = $1 AND status NOT IN ('published', 'canceled')
       ORDER BY id FOR UPDATE
     )
     SELECT COALESCE(bool_or(status IN ('pending', 'publishing') AND sending_at IS NOT NULL), false) AS "beingSent"
     FROM locked`,
    [channelId],
  );
  return row?.beingSent ?? false;
}

/** The decision is a row of the ledger for each delivery, with a fencing number of its own. */
async function failFired(tx: SqlRunner, channelId: string, failure: Failure): Promise<void> {
  const rows = await tx.query<{ postId: string }>(
    `WITH ended AS (
       UPDATE delivery
       SET status = 'failed', fence = fence + 1, claim_token = NULL, lease_until = NULL, next_attempt_at = NULL,
           failure_kind = $2, failure_actor = $3, failure_reason = $4, failure_platform_message = NULL,
           updated_at = now()
       WHERE channel_id = $1
         AND (status = 'publishing' OR (status = 'pending' AND next_attempt_at IS NOT NULL))
       RETURNING id, post_id, fence
     ), overtaken AS (
       UPDATE attempt SET ended_at = clock_timestamp(), outcome = 'superseded', detail = $5
       FROM ended
       WHERE attempt.delivery_id = ended.id AND attempt.fence = ended.fence - 1 AND attempt.ended_at IS NULL
     ), noted AS (
       INSERT INTO attempt (delivery_id, fence, worker, trigger, started_at, ended_at, outcome, failure_kind, detail)
       SELECT id, fence, 'person', 'person', clock_timestamp(), clock_timestamp(), 'failed', $2, $5 FROM ended
     )
     SELECT DISTINCT post_id AS "postId" FROM ended`,
    [channelId, failure.kind, failure.actor, failure.reason, 'the channel was disconnected'],
  );
  const postIds = rows.map(({ postId }) => postId);
  // A post whose last other delivery ends at this moment is left to a sweeper, which sees both.
  if (postIds.length > 0) await settlePosts(tx, postIds);
}

/** Takes unsent deliveries from their workers. The next claim finds that the channel is disconnected. */
async function holdFired(tx: SqlRunner, channelId: string): Promise<void> {
  await tx.query(
    `WITH taken AS (
       UPDATE delivery
       SET status = 'pending', fence = fence + 1, lease_until = NULL, next_attempt_at = now(), updated_at = now()
       WHERE channel_id = $1 AND status = 'publishing'
       RETURNING id, fence
     ), overtaken AS (
       UPDATE attempt SET ended_at = clock_timestamp(), outcome = 'superseded', detail = $2
       FROM taken
       WHERE attempt.delivery_id = taken.id AND attempt.fence = taken.fence - 1 AND attempt.ended_at IS NULL
     )
     INSERT INTO attempt (delivery_id, fence, worker, trigger, started_at, ended_at, outcome, detail)
     SELECT id, fence, 'person', 'person', clock_timestamp(), clock_timestamp(), 'handed_back', $2 FROM taken`,
    [channelId, 'the channel was disconnected for a moment'],
  );
}
