import type { Database, SqlRunner } from '@solospark/db';
import type { Post } from '../post/post.ts';
import { noteChange } from '../post/change.repository.ts';
import { findPost } from '../post/post.repository.ts';
import { settlePosts } from './settle-posts.repository.ts';
import { PUBLIC_CALL_TIMEOUT_MS } from './delivery.ts';
import type { Resolution } from './resolution.ts';

/**
 * Stores a person's decision about an uncertain delivery, and settles the post by it, in one transaction. The decision is a
 * row of the ledger with its own fencing number.
 *
 * @returns the post afterwards; undefined when the post or the delivery has changed since it was read; `being_sent` when the
 * person says that it is not out while an earlier sender's call may still be running. In both cases nothing is changed.
 */
export async function recordResolution(
  db: Database,
  post: Pick<Post, 'id' | 'organizationId' | 'revision'>,
  deliveryId: string,
  resolution: Resolution,
  changeId: string,
): Promise<Post | 'being_sent' | undefined> {
  return db.transaction(async (tx) => {
    // Locks the delivery before its post, in the same order as a late receipt, so that the two cannot deadlock.
    const [uncertain] = await tx.query<{ senderMayBeAtIt: boolean }>(
      `SELECT COALESCE(
                GREATEST(sending_deadline_at + make_interval(secs => $2::float8 / 1000), call_ended_at) > clock_timestamp(), false) AS "senderMayBeAtIt"
       FROM delivery WHERE id = $1 AND status = 'uncertain' FOR UPDATE`,
      [deliveryId, PUBLIC_CALL_TIMEOUT_MS],
    );
    if (!uncertain) return undefined;
    if (uncertain.senderMayBeAtIt && resolution.outcome === 'not_published') return 'being_sent';
    const current = await tx.query(
      // A post that had ended is reopened within this transaction, and settled again by what is known now.
      `UPDATE post
       SET revision = revision + 1, ${noteChange('$3')}, updated_at = now(),
           status = CASE WHEN status IN ('failed', 'partially_published') THEN 'publishing' ELSE status END
       WHERE id = $1 AND revision = $2 AND deleted_at IS NULL
       RETURNING id`,
      [post.id, post.revision, changeId],
    );
    if (current.length === 0) return undefined;
    await writeResolution(tx, deliveryId, resolution);
    await settlePosts(tx, [post.id]);
    return findPost(tx, { organizationId: post.organizationId, postId: post.id });
  });
}

async function writeResolution(tx: SqlRunner, deliveryId: string, resolution: Resolution): Promise<void> {
  const published = resolution.outcome === 'published';
  await tx.query(
    `WITH resolved AS (
       UPDATE delivery
       SET status = $2::text::delivery_status, fence = fence + 1, claim_token = NULL, lease_until = NULL, next_attempt_at = NULL,
           remote_url = $3,
           -- Nobody knows when it became public: the time of the call is taken.
           published_at = CASE WHEN $2 = 'published' THEN COALESCE(sending_at, now()) END,
           sending_at = NULL, sending_deadline_at = NULL, call_ended_at = NULL,
           failure_kind = $4, failure_actor = $5, failure_reason = $6, failure_platform_message = NULL, updated_at = now()
       WHERE id = $1
       RETURNING id, fence
     )
     INSERT INTO attempt (delivery_id, fence, worker, trigger, started_at, ended_at, outcome, failure_kind, detail)
     SELECT id, fence, 'person', 'person', now(), now(), $2::text::attempt_outcome, $4, $7 FROM resolved`,
    [
      deliveryId,
      published ? 'published' : 'failed',
      published ? (resolution.url ?? null) : null,
      published ? null : 'unknown',
      published ? null : 'user',
      published ? null : 'You said that it did not go out.',
      published ? 'a person said that it is out' : 'a person said that it is not out',
    ],
  );
}
