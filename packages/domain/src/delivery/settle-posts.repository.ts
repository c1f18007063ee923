import { inBatches, type SqlRunner } from '@solospark/db';

/**
 * Ends those of these posts (null: of all) whose deliveries have all ended. A statement of its own, after the
 * deliveries' has been committed: of two that end at once, the later statement sees both. A post whose row is held by
 * somebody is left for the next round of a sweeper.
 */
export async function settlePosts(db: SqlRunner, postIds: string[] | null): Promise<void> {
  // Two texts, found by key or by what is publishing, and each post's deliveries counted by themselves: in a burst the
  // planner's statistics are those from before it, and what it is free to join it then joins the wrong way round.
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
     -- Written to since it was counted (tried again, a late receipt): left to whoever did that, and counts anew.
     FROM ended JOIN locked USING (id, version)
     WHERE p.id = ended.id`,
    postIds ? [postIds] : [],
  );
}

/** `settlePosts` for one: those that end at the same time share a statement. */
export const settlePost = inBatches(async (db, postIds: string[]) => {
  await settlePosts(db, postIds);
  return postIds.map(() => undefined);
});
