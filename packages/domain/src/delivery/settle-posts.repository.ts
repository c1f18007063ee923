import { inBatches, type SqlRunner } from '@solospark/db';

/**
 * Ends those of these posts (null: of all) whose deliveries have all ended. It is a statement of its own, after the
 * deliveries' was committed: when two deliveries end at the same time, the later statement sees both. A post whose row is
 * locked is left for the next round of a sweeper.
 */
export async function settlePosts(db: SqlRunner, postIds: string[] | null): Promise<void> {
  // Two query texts, one by key and one by status, and each post's deliveries are counted in a subquery of their own: in a
  // burst the planner's statistics are out of date, and it would choose a bad join order.
  const candidates = postIds
    ? `SELECT id, status, xmin AS version FROM post WHERE id = ANY ($1::uuid[])`
    : `SELECT id, status, xmin AS version FROM post p WHERE status = 'publishing' AND NOT EXISTS (
         SELECT FROM delivery d WHERE d.post_id = p.id AND d.status IN ('pending', 'publishing'))`;
  await db.query(
    `WITH candidate AS MATERIALIZED (${candidates}), ended AS MATERIALIZED (
       SELECT c.id, c.version, of_post.* FROM candidate c
       CROSS JOIN LATERAL (
         SELECT count(*) AS total, count(*) FILTER (WHERE d.status = 'published') AS published,
                max(d.published_at) AS last_published_at,
                count(*) FILTER (WHERE d.status IN ('pending', 'publishing')) AS open
         FROM delivery d WHERE d.post_id = c.id AND d.status <> 'canceled'
       ) of_post
       WHERE c.status = 'publishing' AND of_post.total > 0 AND of_post.open = 0
     ), locked AS (
       SELECT p.id, p.xmin AS version FROM post p WHERE p.id IN (SELECT id FROM ended) FOR UPDATE SKIP LOCKED
     )
     UPDATE post p
     SET status = CASE WHEN ended.published = ended.total THEN 'published'
                       WHEN ended.published > 0 THEN 'partially_published'
                       ELSE 'failed' END::post_status,
         published_at = ended.last_published_at, scheduled_at = NULL, schedule_job_id = NULL, alarm_set_at = NULL,
         updated_at = now()
     -- A post that was changed since it was counted (a retry, a late receipt) is skipped: whoever changed it settles it.
     FROM ended JOIN locked USING (id, version)
     WHERE p.id = ended.id`,
    postIds ? [postIds] : [],
  );
}

/** `settlePosts` for one post: posts that end at the same time share a statement. */
export const settlePost = inBatches(async (db, postIds: string[]) => {
  await settlePosts(db, postIds);
  return postIds.map(() => undefined);
});
