import { inBatches, type SqlRunner } from '@solospark/db';
import type { Receipt, Witness } from '@solospark/publishers';
import type { Held } from './claim.repository.ts';
import { LEASE_MS, SEND_WINDOW_MS, type Settlement } from './delivery.ts';

// What a holder writes about the deliveries it holds. In a burst many of them stand at the same step at the same time and
// share a statement (docs/adr/0011): each under its own fencing number, and never the same delivery twice. Rows are
// locked in the order of their ids, so that two statements which meet wait for each other and do not lock each other
// out. All may be repeated after a lost connection.

/**
 * Found by key and locked first, and only then judged. Together, the planner prefers an index of what is publishing, which
 * in a burst is long, and full of what no longer is.
 */
const HELD = `
  found AS (
    SELECT d.id, d.fence, d.status, item.fence AS claimed_as, item.at FROM delivery d
    JOIN unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS item(id, fence, at) USING (id)
    ORDER BY d.id FOR UPDATE OF d
  ), held AS (
    SELECT id, fence, at FROM found WHERE fence = claimed_as AND status = 'publishing'
  )`;

const idsAndFences = (items: readonly Held[]) => [items.map(({ id }) => id), items.map(({ fence }) => fence)];

/** Keeps what a publisher needs to remember. False: another worker holds the delivery now. */
export const saveWitness = inBatches(async (db, items: (Held & { facts: Witness })[]): Promise<boolean[]> => {
  const rows = await db.query<{ id: string }>(
    `WITH ${HELD}
     UPDATE delivery d
     SET witness = d.witness || ($3::jsonb -> (held.at - 1)::int),
         lease_until = now() + make_interval(secs => $4::float8 / 1000)
     FROM held WHERE d.id = held.id RETURNING d.id`,
    [...idsAndFences(items), toJson(items.map(({ facts }) => facts)), LEASE_MS],
  );
  const saved = new Set(rows.map(({ id }) => id));
  return items.map(({ id }) => saved.has(id));
});

/** Commits that the public call may be made from now on. Undefined: another worker holds the delivery now. */
export const markSending = inBatches(async (db, items: Held[]): Promise<(Date | undefined)[]> => {
  const rows = await db.query<{ id: string; sendingAt: Date }>(
    `WITH ${HELD}, sending AS (
       UPDATE delivery d
       SET sending_at = now(), sending_deadline_at = now() + make_interval(secs => $3::float8 / 1000),
           reconcile_count = 0, lease_until = now() + make_interval(secs => $4::float8 / 1000), updated_at = now()
       FROM held WHERE d.id = held.id
       RETURNING d.id, d.fence, d.sending_at
     ), noted AS (
       UPDATE attempt SET sending_at = sending.sending_at FROM sending
       WHERE attempt.delivery_id = sending.id AND attempt.fence = sending.fence
     )
     SELECT id, sending_at AS "sendingAt" FROM sending`,
    [...idsAndFences(items), SEND_WINDOW_MS, LEASE_MS],
  );
  const since = new Map(rows.map(({ id, sendingAt }) => [id, sendingAt]));
  return items.map(({ id }) => since.get(id));
});

/** Ends a claim and closes its attempt. False: another worker holds the delivery, and its truth stands. */
export const settleDelivery = inBatches(
  async (db, items: (Held & { settlement: Settlement })[]): Promise<boolean[]> => {
    const rows = await db.query<{ id: string }>(
      `WITH ${HELD}, settlement AS (
       SELECT held.id, held.fence, s.* FROM held
       CROSS JOIN LATERAL jsonb_to_record($3::jsonb -> (held.at - 1)::int) AS s(
         status delivery_status, after_ms float8, attempts int, may_be_out boolean, asked_in_vain boolean,
         remote_id text, remote_url text, kind text, actor text, reason text, outcome attempt_outcome, detail text)
     ), settled AS (
       UPDATE delivery d
       SET status = s.status, lease_until = NULL, updated_at = now(),
           next_attempt_at = now() + make_interval(secs => s.after_ms / 1000),
           -- Handed back, it keeps its place.
           turn_at = CASE WHEN s.after_ms > 0 THEN now() + make_interval(secs => s.after_ms / 1000) ELSE d.turn_at END,
           attempts_used = attempts_used + s.attempts,
           sending_at = CASE WHEN s.may_be_out THEN d.sending_at END,
           sending_deadline_at = CASE WHEN s.may_be_out THEN d.sending_deadline_at END,
           reconcile_count = reconcile_count + s.asked_in_vain::int,
           remote_id = s.remote_id, remote_url = s.remote_url,
           published_at = CASE WHEN s.status = 'published' THEN now() END,
           failure_kind = s.kind, failure_actor = s.actor, failure_reason = s.reason
       FROM settlement s WHERE d.id = s.id
       RETURNING d.id
     ), closed AS (
       UPDATE attempt a SET ended_at = now(), outcome = s.outcome, failure_kind = s.kind, detail = s.detail
       FROM settlement s WHERE a.delivery_id = s.id AND a.fence = s.fence
     )
     SELECT id FROM settled
     UNION ALL
     -- Settled under this number before: the answer to the first try was lost on its way.
     SELECT id FROM found WHERE fence = claimed_as AND status <> 'publishing'`,
      [...idsAndFences(items), toJson(items.map(({ settlement }) => columnsOf(settlement)))],
    );
    const settled = new Set(rows.map(({ id }) => id));
    return items.map(({ id }) => settled.has(id));
  },
);

function columnsOf(settlement: Settlement) {
  const pending = settlement.as === 'pending' ? settlement : undefined;
  const receipt = settlement.as === 'published' ? settlement.receipt : undefined;
  const failure = settlement.as === 'published' ? undefined : settlement.failure;
  return {
    status: settlement.as,
    after_ms: pending?.afterMs,
    attempts: pending && !pending.usesAttempt ? 0 : 1,
    may_be_out: pending?.mayBeOut ?? settlement.as === 'uncertain',
    asked_in_vain: pending?.outcome === 'ask_again',
    remote_id: receipt?.remoteId,
    remote_url: receipt?.url,
    kind: failure?.kind,
    actor: failure?.actor,
    reason: failure?.reason,
    outcome: pending?.outcome ?? settlement.as,
    detail: failure?.detail ?? pending?.detail,
  };
}

/** PostgreSQL's text knows every character but one, and a platform's words may hold it. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\u0000', '') : part,
  );
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
     ), overtaken AS (
       -- Should its worker die now, nobody would close it any more: what is published is never claimed again.
       UPDATE attempt SET ended_at = now(), outcome = 'superseded', detail = 'an earlier attempt had published it'
       FROM proven WHERE attempt.delivery_id = $1 AND attempt.fence > $2 AND attempt.ended_at IS NULL
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
