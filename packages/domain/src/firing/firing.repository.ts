import { inBatches, type SqlRunner } from '@solospark/db';
import { ENDPOINT } from '../channel/channel.repository.ts';
import { noteChange } from '../post/change.repository.ts';

// Firing: the deliveries of a post become claimable. Every statement is a compare-and-set by the database's clock: the second
// of two changes nothing, so each may be repeated after a lost connection.

/** A delivery that can be claimed from now on. */
export interface FiredDelivery {
  id: string;
  postId: string;
  platform: string;
}

const FIRED = `d.id, d.post_id AS "postId", d.platform`;

/**
 * The distance between the queue positions of one channel's deliveries. So a channel that comes later is placed before all
 * but the first few deliveries of one with a thousand, and a delivery that waits is overtaken only for a limited time.
 */
const SPACING_MS = 10_000;

/**
 * The deliveries become claimable as of the time that the author chose, so that lateness is visible in the row. Each gets a
 * queue position behind the last one of its channel.
 */
const RELEASE = `
  , released AS (
    SELECT d.id, fired.due_at, fired.revision, d.channel_id,
           (SELECT ${ENDPOINT} FROM channel WHERE channel.id = d.channel_id) AS endpoint,
           (row_number() OVER (PARTITION BY d.channel_id ORDER BY fired.due_at, d.id) - 1) * interval '${SPACING_MS} ms' AS behind
    FROM fired JOIN delivery d ON d.post_id = fired.id AND d.status = 'pending'
  )
  UPDATE delivery d
  SET next_attempt_at = fired.due_at, due_at = fired.due_at, endpoint = fired.endpoint, updated_at = now(),
      turn_at = fired.behind + GREATEST(fired.due_at, interval '${SPACING_MS} ms' + (
        -- Written so that only the channel's index fits: the platform's may be far longer than the planner knows.
        SELECT last.turn_at FROM delivery last
        WHERE last.channel_id = fired.channel_id AND last.status = 'pending' AND last.turn_at IS NOT NULL
          AND CASE WHEN last.next_attempt_at <= now() THEN true ELSE false END
        ORDER BY last.turn_at DESC LIMIT 1))
  FROM released fired WHERE d.id = fired.id
  RETURNING ${FIRED}`;

/**
 * Fires the posts that are due at exactly these revisions; a stale revision, or one that is too early, does nothing. The
 * caller has read the revision in an earlier statement, so this one sees every delivery that belongs to it.
 */
export async function fireDuePosts(
  db: SqlRunner,
  alarms: { postId: string; revision: number }[],
): Promise<FiredDelivery[]> {
  return db.query<FiredDelivery>(
    `WITH found AS (
       -- By key. A locked post is being changed: it is skipped, its alarm rings again, and the others do not wait for it.
       SELECT post.id, post.revision, post.status, post.scheduled_at, alarm.revision AS rings_for
       FROM post JOIN unnest($1::uuid[], $2::int[]) AS alarm(id, revision) USING (id)
       FOR UPDATE OF post SKIP LOCKED
     ), fired AS (
       UPDATE post SET status = 'publishing', updated_at = now()
       FROM found
       WHERE post.id = found.id AND found.revision = rings_for AND found.status = 'scheduled'
         AND found.scheduled_at <= now()
       RETURNING post.id, post.revision, post.scheduled_at AS due_at
     ) ${RELEASE}`,
    [alarms.map((alarm) => alarm.postId), alarms.map((alarm) => alarm.revision)],
  );
}

/** `fireDuePosts` for one alarm: alarms that ring at the same time share a statement. */
export const fireDuePost = inBatches(async (db, alarms: { postId: string; revision: number }[]) => {
  const fired = await fireDuePosts(db, alarms);
  return alarms.map((alarm) => fired.filter(({ postId }) => postId === alarm.postId));
});

/** Up to `limit` posts that are not fired `graceMs` after their time, as alarms for `fireDuePosts`. */
export async function findOverduePosts(
  db: SqlRunner,
  options: { graceMs: number; limit: number },
): Promise<{ postId: string; revision: number }[]> {
  return db.query(
    `SELECT id AS "postId", revision FROM post
     WHERE status = 'scheduled' AND scheduled_at <= now() - make_interval(secs => $1::float8 / 1000)
     ORDER BY scheduled_at LIMIT $2`,
    [options.graceMs, options.limit],
  );
}

/** Fires a post at once, whatever its schedule, if it still has this revision. */
export async function firePostNow(
  db: SqlRunner,
  post: { id: string; revision: number; changeId?: string },
): Promise<FiredDelivery[]> {
  return db.query<FiredDelivery>(
    `WITH fired AS (
       UPDATE post
       SET status = 'publishing', scheduled_at = NULL, schedule_job_id = NULL, alarm_set_at = NULL,
           revision = revision + 1, ${noteChange('$3')}, updated_at = now()
       WHERE id = $1 AND revision = $2 AND status IN ('draft', 'scheduled') AND deleted_at IS NULL
       RETURNING id, revision, now() AS due_at
     ) ${RELEASE}`,
    [post.id, post.revision, post.changeId ?? null],
  );
}

/** Makes these failed deliveries of a post pending again, if it still has this revision; the others stay as they are. */
export async function refirePost(
  db: SqlRunner,
  post: { id: string; revision: number; deliveryIds: string[]; changeId?: string },
): Promise<FiredDelivery[]> {
  return db.query<FiredDelivery>(
    `WITH fired AS (
       UPDATE post SET status = 'publishing', revision = revision + 1, ${noteChange('$3')}, updated_at = now()
       WHERE id = $1 AND revision = $2 AND status IN ('failed', 'partially_published', 'publishing') AND deleted_at IS NULL
       RETURNING id, revision, now() AS due_at
     )
     UPDATE delivery d
     SET status = 'pending', next_attempt_at = fired.due_at, turn_at = fired.due_at, due_at = fired.due_at, attempts_used = 0,
         failure_kind = NULL, failure_actor = NULL, failure_reason = NULL, failure_platform_message = NULL,
         updated_at = now()
     FROM fired WHERE d.post_id = fired.id AND d.status = 'failed' AND d.id = ANY ($4::uuid[])
     RETURNING ${FIRED}`,
    [post.id, post.revision, post.changeId ?? null, post.deliveryIds],
  );
}

/** Milliseconds until this revision is due, by the database's clock; null when it is no longer scheduled. */
export const dueInMs = inBatches(async (db, alarms: { postId: string; revision: number }[]) => {
  const rows = await db.query<{ at: number; ms: number }>(
    `SELECT alarm.at, (extract(epoch FROM post.scheduled_at - now()) * 1000)::float8 AS ms
     FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS alarm(id, revision, at) JOIN post USING (id)
     WHERE CASE WHEN post.revision = alarm.revision THEN post.status = 'scheduled' ELSE false END`,
    [alarms.map((alarm) => alarm.postId), alarms.map((alarm) => alarm.revision)],
  );
  const due = new Map(rows.map(({ at, ms }) => [at, Math.ceil(ms)]));
  return alarms.map((_, index) => due.get(index + 1) ?? null);
});
