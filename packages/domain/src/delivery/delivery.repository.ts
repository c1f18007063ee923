import type { SqlRunner } from '@solospark/db';
import type { Receipt, Witness } from '@solospark/publishers';
import { LEASE_MS, SEND_WINDOW_MS, type ClaimedDelivery, type Settlement } from './delivery.ts';

// Every statement here is a compare-and-set, by the database's clock: who comes second changes nothing. So each may
// be repeated after a lost connection, except where a comment says otherwise.

/** A delivery that may be claimed now or later. `attempt` is the fencing number that its next claim will carry. */
export interface OpenDelivery {
  id: string;
  platform: string;
  revision: number;
  attempt: number;
}

const OPEN = `d.id, d.platform, fired.revision, d.fence + 1 AS attempt`;

/** The deliveries become claimable as of the time that the author chose, so that lateness is visible in the row. */
const RELEASE = `
  UPDATE delivery d
  SET next_attempt_at = fired.due_at, due_at = fired.due_at, updated_at = now()
  FROM fired WHERE d.post_id = fired.id AND d.status = 'pending'
  RETURNING ${OPEN}`;

/**
 * Fires the posts that are due at exactly these revisions; a stale revision, or one that is too early, does nothing.
 * Whoever calls has read the revision in an earlier statement: so this one sees every delivery that belongs to it.
 */
export async function fireDuePosts(
  db: SqlRunner,
  alarms: { postId: string; revision: number }[],
): Promise<OpenDelivery[]> {
  return db.query<OpenDelivery>(
    `WITH fired AS (
       UPDATE post SET status = 'publishing', updated_at = now()
       FROM unnest($1::uuid[], $2::int[]) AS alarm(id, revision)
       WHERE post.id = alarm.id AND post.revision = alarm.revision
         AND post.status = 'scheduled' AND post.scheduled_at <= now()
       RETURNING post.id, post.revision, post.scheduled_at AS due_at
     ) ${RELEASE}`,
    [alarms.map((alarm) => alarm.postId), alarms.map((alarm) => alarm.revision)],
  );
}

/** Up to `limit` posts whose alarm has not fired `graceMs` after their time, as alarms for `fireDuePosts`. */
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

/** Fires a post at its author's word, whatever its schedule says, if it still has this revision. */
export async function firePostNow(
  db: SqlRunner,
  post: { id: string; revision: number },
): Promise<OpenDelivery[]> {
  return db.query<OpenDelivery>(
    `WITH fired AS (
       UPDATE post
       SET status = 'publishing', scheduled_at = NULL, schedule_job_id = NULL, alarm_set_at = NULL,
           revision = revision + 1, updated_at = now()
       WHERE id = $1 AND revision = $2 AND status IN ('draft', 'scheduled') AND deleted_at IS NULL
       RETURNING id, revision, now() AS due_at
     ) ${RELEASE}`,
    [post.id, post.revision],
  );
}

/** Opens the failed deliveries of a post that has ended again, if it still has this revision; the others stay as they are. */
export async function refirePost(
  db: SqlRunner,
  post: { id: string; revision: number },
): Promise<OpenDelivery[]> {
  return db.query<OpenDelivery>(
    `WITH fired AS (
       UPDATE post SET status = 'publishing', revision = revision + 1, updated_at = now()
       WHERE id = $1 AND revision = $2 AND status IN ('failed', 'partially_published') AND deleted_at IS NULL
       RETURNING id, revision, now() AS due_at
     )
     UPDATE delivery d
     SET status = 'pending', next_attempt_at = fired.due_at, due_at = fired.due_at, attempts_used = 0,
         failure_kind = NULL, failure_actor = NULL, failure_reason = NULL, updated_at = now()
     FROM fired WHERE d.post_id = fired.id AND d.status = 'failed'
     RETURNING ${OPEN}`,
    [post.id, post.revision],
  );
}

/** Milliseconds until this revision is due, by the database's clock; null when it no longer waits to be fired. */
export async function dueInMs(
  db: SqlRunner,
  alarm: { postId: string; revision: number },
): Promise<number | null> {
  const [row] = await db.query<{ ms: number }>(
    `SELECT (extract(epoch FROM scheduled_at - now()) * 1000)::float8 AS ms
     FROM post WHERE id = $1 AND revision = $2 AND status = 'scheduled'`,
    [alarm.postId, alarm.revision],
  );
  return row ? Math.ceil(row.ms) : null;
}

/** What to claim: the one that a job names; or, of a platform, what waits longer than `overdueMs`; or the abandoned. */
export type Claimable =
  | { by: 'job'; deliveryId: string; attempt: number }
  | { by: 'reconciler'; platform: string; overdueMs: number; limit: number; except: readonly string[] };

/** Takes deliveries under a lease and a fencing number, and opens their attempts in the ledger. */
export async function claimDeliveries(
  db: SqlRunner,
  what: Claimable,
  worker: string,
): Promise<ClaimedDelivery[]> {
  const [where, params] =
    what.by === 'job'
      ? [
          `id = $4 AND fence = $5 - 1 AND status = 'pending' AND next_attempt_at <= now() LIMIT 1`,
          [what.deliveryId, what.attempt],
        ]
      : [
          `platform = $4 AND id <> ALL ($7::uuid[]) AND (
             (status = 'pending' AND next_attempt_at <= now() - make_interval(secs => $5::float8 / 1000))
             OR (status = 'publishing' AND lease_until <= now()))
           ORDER BY next_attempt_at LIMIT $6`,
          [what.platform, what.overdueMs, what.limit, what.except],
        ];
  return db.query<ClaimedDelivery>(
    `WITH candidate AS (
       SELECT id FROM delivery WHERE ${where} FOR UPDATE SKIP LOCKED
     ), claimed AS (
       UPDATE delivery d
       SET status = 'publishing', fence = fence + 1, lease_until = now() + make_interval(secs => $3::float8 / 1000),
           updated_at = now()
       FROM candidate WHERE d.id = candidate.id
       RETURNING d.*
     ), abandoned AS (
       UPDATE attempt SET ended_at = now(), outcome = 'superseded', detail = 'its lease ran out'
       FROM claimed
       WHERE attempt.delivery_id = claimed.id AND attempt.fence = claimed.fence - 1 AND attempt.ended_at IS NULL
     ), opened AS (
       INSERT INTO attempt (delivery_id, fence, worker, trigger) SELECT id, fence, $1, $2 FROM claimed
     )
     SELECT d.id, d.fence, d.post_id AS "postId", p.organization_id AS "organizationId", p.revision, d.platform,
            COALESCE(d.text_override, p.text) AS text, d.due_at AS "dueAt", now() AS "claimedAt",
            (extract(epoch FROM now() - d.due_at) * 1000)::float8 AS "sinceDueMs",
            (extract(epoch FROM now() - GREATEST(d.due_at, COALESCE((
              SELECT a.started_at FROM attempt a WHERE a.delivery_id = d.id AND a.fence = 1), now()))) * 1000)::float8
              AS "triedForMs",
            d.attempts_used AS "attemptsUsed", d.reconcile_count AS "reconcileCount", d.sending_at AS "sendingAt",
            COALESCE((extract(epoch FROM d.sending_deadline_at - now()) * 1000)::float8, 0) AS "senderGoneInMs",
            d.witness,
            jsonb_build_object(
              'id', c.id, 'organizationId', c.organization_id, 'handle', c.handle,
              'remoteAccountId', c.remote_account_id, 'sandbox', c.sandbox, 'status', c.status,
              'sealedCredentials', c.sealed_credentials) AS channel,
            COALESCE((
              SELECT jsonb_agg(jsonb_build_object(
                       'id', m.id, 'mimeType', m.mime_type, 'byteSize', m.byte_size, 'width', m.width,
                       'height', m.height, 'altText', m.alt_text) ORDER BY pm.position)
              FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id), '[]') AS media
     FROM claimed d JOIN post p ON p.id = d.post_id JOIN channel c ON c.id = d.channel_id`,
    [worker, what.by, LEASE_MS, ...params],
  );
}

/** Platforms that have something for `claimDeliveries({ by: 'reconciler' })`, asked in one cheap statement. */
export async function findBackloggedPlatforms(db: SqlRunner, overdueMs: number): Promise<string[]> {
  const rows = await db.query<{ platform: string }>(
    `SELECT platform FROM delivery
     WHERE status = 'pending' AND next_attempt_at <= now() - make_interval(secs => $1::float8 / 1000)
     UNION
     SELECT platform FROM delivery WHERE status = 'publishing' AND lease_until <= now()`,
    [overdueMs],
  );
  return rows.map((row) => row.platform);
}

export type Held = Pick<ClaimedDelivery, 'id' | 'fence'>;

/** Renews the leases of what this process works on; answers which it still holds. */
export async function renewLeases(db: SqlRunner, held: Held[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    `UPDATE delivery d SET lease_until = now() + make_interval(secs => $3::float8 / 1000)
     FROM unnest($1::uuid[], $2::int[]) AS held(id, fence)
     WHERE d.id = held.id AND d.fence = held.fence AND d.status = 'publishing'
     RETURNING d.id`,
    [held.map(({ id }) => id), held.map(({ fence }) => fence), LEASE_MS],
  );
  return new Set(rows.map((row) => row.id));
}

/** Keeps what a publisher needs to remember. False: another worker holds the delivery now. */
export async function saveWitness(db: SqlRunner, held: Held, facts: Witness): Promise<boolean> {
  const rows = await db.query(
    `UPDATE delivery SET witness = witness || $3::jsonb, lease_until = now() + make_interval(secs => $4::float8 / 1000)
     WHERE id = $1 AND fence = $2 AND status = 'publishing' RETURNING id`,
    [held.id, held.fence, JSON.stringify(facts), LEASE_MS],
  );
  return rows.length === 1;
}

/** Commits that the public call may be made from now on. Undefined: another worker holds the delivery now. */
export async function markSending(db: SqlRunner, held: Held): Promise<Date | undefined> {
  const [row] = await db.query<{ sendingAt: Date }>(
    `WITH sending AS (
       UPDATE delivery
       SET sending_at = now(), sending_deadline_at = now() + make_interval(secs => $3::float8 / 1000),
           reconcile_count = 0, lease_until = now() + make_interval(secs => $4::float8 / 1000), updated_at = now()
       WHERE id = $1 AND fence = $2 AND status = 'publishing'
       RETURNING id, fence, sending_at
     ), noted AS (
       UPDATE attempt SET sending_at = sending.sending_at FROM sending
       WHERE attempt.delivery_id = sending.id AND attempt.fence = sending.fence
     )
     SELECT sending_at AS "sendingAt" FROM sending`,
    [held.id, held.fence, SEND_WINDOW_MS, LEASE_MS],
  );
  return row?.sendingAt;
}

/** Ends a claim and closes its attempt. False: another worker holds the delivery, and its truth stands. */
export async function settleDelivery(db: SqlRunner, held: Held, settlement: Settlement): Promise<boolean> {
  const pending = settlement.as === 'pending' ? settlement : undefined;
  const receipt = settlement.as === 'published' ? settlement.receipt : undefined;
  const failure = settlement.as === 'published' ? undefined : settlement.failure;
  const rows = await db.query(
    `WITH settled AS (
       UPDATE delivery
       SET status = $3::delivery_status, lease_until = NULL, updated_at = now(),
           next_attempt_at = CASE WHEN $4::float8 IS NULL THEN NULL ELSE now() + make_interval(secs => $4 / 1000) END,
           attempts_used = attempts_used + $5,
           sending_at = CASE WHEN $6 THEN sending_at END,
           sending_deadline_at = CASE WHEN $6 THEN sending_deadline_at END,
           reconcile_count = CASE WHEN $7 THEN reconcile_count + 1 ELSE reconcile_count END,
           remote_id = $8, remote_url = $9,
           published_at = CASE WHEN $3::delivery_status = 'published' THEN now() END,
           failure_kind = $10, failure_actor = $11, failure_reason = $12
       WHERE id = $1 AND fence = $2 AND status = 'publishing'
       RETURNING id, fence
     ), closed AS (
       UPDATE attempt SET ended_at = now(), outcome = $13::attempt_outcome, failure_kind = $10, detail = $14
       FROM settled WHERE attempt.delivery_id = settled.id AND attempt.fence = settled.fence
     )
     -- Settled under this number before: the answer to the first try was lost on its way.
     SELECT 1 WHERE EXISTS (SELECT FROM settled)
       OR EXISTS (SELECT FROM delivery WHERE id = $1 AND fence = $2 AND status <> 'publishing')`,
    [
      held.id,
      held.fence,
      settlement.as,
      pending?.afterMs ?? null,
      pending && !pending.usesAttempt ? 0 : 1,
      pending?.mayBeOut ?? settlement.as === 'uncertain',
      pending?.outcome === 'ask_again',
      receipt?.remoteId ?? null,
      receipt?.url ?? null,
      failure?.kind ?? null,
      failure?.actor ?? null,
      failure?.reason ?? null,
      pending?.outcome ?? settlement.as,
      failure?.detail ?? null,
    ],
  );
  return rows.length === 1;
}

/**
 * A receipt is proof, whoever holds the delivery now: it is published, and the present holder is overtaken. False: it
 * was known to be published already.
 */
export async function recordReceipt(db: SqlRunner, held: Held, receipt: Receipt): Promise<boolean> {
  const rows = await db.query(
    `WITH proven AS (
       UPDATE delivery
       SET status = 'published', fence = fence + 1, lease_until = NULL, next_attempt_at = NULL, sending_at = NULL,
           sending_deadline_at = NULL, remote_id = $3, remote_url = $4, published_at = now(), failure_kind = NULL,
           failure_actor = NULL, failure_reason = NULL, updated_at = now()
       WHERE id = $1 AND status <> 'published'
       RETURNING post_id
     ), noted AS (
       UPDATE attempt SET ended_at = now(), outcome = 'published', detail = 'answered after its lease had run out'
       FROM proven WHERE attempt.delivery_id = $1 AND attempt.fence = $2
     ), reopened AS (
       UPDATE post SET status = 'publishing', updated_at = now()
       FROM proven WHERE post.id = proven.post_id AND post.status IN ('failed', 'partially_published')
     )
     SELECT FROM proven`,
    [held.id, held.fence, receipt.remoteId, receipt.url],
  );
  return rows.length === 1;
}

/** The claim was lost to another worker: the ledger says so. */
export async function markSuperseded(db: SqlRunner, held: Held): Promise<void> {
  await db.query(
    `UPDATE attempt SET ended_at = now(), outcome = 'superseded'
     WHERE delivery_id = $1 AND fence = $2 AND ended_at IS NULL`,
    [held.id, held.fence],
  );
}

/**
 * Ends posts whose deliveries have all ended. A statement of its own, after the delivery's has been committed: of two
 * deliveries that end at once, the later statement sees both.
 */
export async function settlePosts(db: SqlRunner, postId: string | null): Promise<void> {
  await db.query(
    `UPDATE post p
     SET status = CASE WHEN ended.published = ended.total THEN 'published'
                       WHEN ended.published > 0 THEN 'partially_published'
                       ELSE 'failed' END::post_status,
         published_at = ended.last_published_at, scheduled_at = NULL, schedule_job_id = NULL, alarm_set_at = NULL,
         updated_at = now()
     FROM (
       SELECT d.post_id, count(*) AS total, count(*) FILTER (WHERE d.status = 'published') AS published,
              max(d.published_at) AS last_published_at,
              count(*) FILTER (WHERE d.status IN ('pending', 'publishing')) AS open
       FROM delivery d JOIN post ON post.id = d.post_id
       WHERE post.status = 'publishing' AND d.status <> 'canceled' AND ($1::uuid IS NULL OR post.id = $1)
       GROUP BY d.post_id
     ) ended
     WHERE p.id = ended.post_id AND p.status = 'publishing' AND ended.open = 0`,
    [postId],
  );
}
