import { inBatches, type SqlRunner } from '@solospark/db';
import type { Receipt, Evidence } from '@solospark/publishers';
import { columnsOfHeld, type Held } from './claim.repository.ts';
import { isPending, LEASE_MS, SEND_WINDOW_MS, type Settlement } from './delivery.ts';

// What a holder writes about the deliveries it holds. In a burst many attempts reach the same step at the same time and share
// one statement (docs/adr/0011). Each delivery is written under its own fencing number, and no statement contains a delivery
// twice. Rows are locked in the order of their ids, so that two statements cannot deadlock. Every statement may be repeated
// after a lost connection.

/**
 * Finds the rows by key and locks them, and compares the fence afterwards. In a single condition the planner prefers an index
 * of publishing rows, which in a burst is long and full of dead entries.
 */
const HELD = `
  found AS (
    SELECT d.id, d.fence, d.claim_token, d.status, item.fence AS claimed_as, item.token AS claimed_with, item.at
    FROM delivery d
    JOIN unnest($1::uuid[], $2::int[], $3::uuid[]) WITH ORDINALITY AS item(id, fence, token, at) USING (id)
    ORDER BY d.id FOR UPDATE OF d
  ), held AS (
    SELECT id, fence, at FROM found WHERE fence = claimed_as AND claim_token = claimed_with AND status = 'publishing'
  )`;

/** Saves evidence, and renews the lease. False: another worker holds the delivery now. */
export const saveEvidence = inBatches(
  async (db, items: (Held & { facts: Evidence })[]): Promise<boolean[]> => {
    const rows = await db.query<{ id: string }>(
      `WITH ${HELD}
     UPDATE delivery d
     SET witness = d.witness || ($4::jsonb -> (held.at - 1)::int),
         lease_until = now() + make_interval(secs => $5::float8 / 1000)
     FROM held WHERE d.id = held.id RETURNING d.id`,
      [...columnsOfHeld(items), toJson(items.map(({ facts }) => facts)), LEASE_MS],
    );
    const saved = new Set(rows.map(({ id }) => id));
    return items.map(({ id }) => saved.has(id));
  },
);

/** Commits `sending`: the public call may be made from now on. Undefined: another worker holds the delivery now. */
export const markSending = inBatches(async (db, items: Held[]): Promise<(Date | undefined)[]> => {
  const rows = await db.query<{ id: string; sendingAt: Date }>(
    `WITH ${HELD}, sending AS (
       UPDATE delivery d
       SET sending_at = now(), sending_deadline_at = now() + make_interval(secs => $4::float8 / 1000),
           call_ended_at = NULL, absence_unproved = false,
           reconcile_count = 0, lease_until = now() + make_interval(secs => $5::float8 / 1000), updated_at = now()
       FROM held WHERE d.id = held.id
       RETURNING d.id, d.fence, d.sending_at
     ), noted AS (
       UPDATE attempt SET sending_at = sending.sending_at FROM sending
       WHERE attempt.delivery_id = sending.id AND attempt.fence = sending.fence
     )
     SELECT id, sending_at AS "sendingAt" FROM sending`,
    [...columnsOfHeld(items), SEND_WINDOW_MS, LEASE_MS],
  );
  const since = new Map(rows.map(({ id, sendingAt }) => [id, sendingAt]));
  return items.map(({ id }) => since.get(id));
});

/** Ends a claim and closes its attempt. False: another worker holds the delivery, and nothing was written. */
export const settleDelivery = inBatches(
  async (db, items: (Held & { settlement: Settlement })[]): Promise<boolean[]> => {
    const rows = await db.query<{ id: string }>(
      `WITH ${HELD}, settlement AS (
       SELECT held.id, held.fence, s.* FROM held
       CROSS JOIN LATERAL jsonb_to_record($4::jsonb -> (held.at - 1)::int) AS s(
         status delivery_status, after_ms float8, attempts int, may_be_out boolean, absence_unproved boolean,
         call_ended_at timestamptz, asked_in_vain boolean,
         remote_id text, remote_url text, kind text, actor text, reason text, platform_message text, outcome attempt_outcome, detail text)
     ), settled AS (
       UPDATE delivery d
       SET status = s.status, lease_until = NULL, updated_at = now(),
           next_attempt_at = now() + make_interval(secs => s.after_ms / 1000),
           -- Without a pause it keeps its queue position.
           turn_at = CASE WHEN s.after_ms > 0 THEN now() + make_interval(secs => s.after_ms / 1000) ELSE d.turn_at END,
           attempts_used = attempts_used + s.attempts,
           sending_at = CASE WHEN s.may_be_out THEN d.sending_at END,
           sending_deadline_at = CASE WHEN s.may_be_out THEN d.sending_deadline_at END,
           call_ended_at = CASE WHEN s.may_be_out THEN COALESCE(s.call_ended_at, d.call_ended_at) END,
           absence_unproved = s.may_be_out AND s.absence_unproved,
           reconcile_count = reconcile_count + s.asked_in_vain::int,
           remote_id = s.remote_id, remote_url = s.remote_url,
           published_at = CASE WHEN s.status = 'published' THEN now() END,
           failure_kind = s.kind, failure_actor = s.actor, failure_reason = s.reason,
           -- A look-up has no platform message of its own: the one of the refusal before it stays.
           failure_platform_message = COALESCE(s.platform_message,
             CASE WHEN d.reconcile_count > 0 AND s.kind IS NOT NULL THEN d.failure_platform_message END)
       FROM settlement s WHERE d.id = s.id
       RETURNING d.id
     ), closed AS (
       UPDATE attempt a SET ended_at = now(), outcome = s.outcome, failure_kind = s.kind, detail = s.detail
       FROM settlement s WHERE a.delivery_id = s.id AND a.fence = s.fence
     )
     SELECT id FROM settled
     UNION ALL
     -- Already settled under this fence: the answer to the first try was lost.
     SELECT id FROM found WHERE fence = claimed_as AND claim_token = claimed_with AND status <> 'publishing'`,
      [...columnsOfHeld(items), toJson(items.map(({ settlement }) => columnsOf(settlement)))],
    );
    const settled = new Set(rows.map(({ id }) => id));
    return items.map(({ id }) => settled.has(id));
  },
);

function columnsOf(settlement: Settlement) {
  const pending = isPending(settlement) ? settlement : undefined;
  const receipt = settlement.outcome === 'published' ? settlement.receipt : undefined;
  const failure = settlement.outcome === 'published' ? undefined : settlement.failure;
  return {
    status: isPending(settlement) ? 'pending' : settlement.outcome,
    after_ms: pending?.afterMs,
    attempts: pending && !pending.usesAttempt ? 0 : 1,
    may_be_out: pending?.mayBeOut ?? settlement.outcome === 'uncertain',
    absence_unproved: pending?.absenceUnproved ?? false,
    call_ended_at: pending?.callEndedAt,
    asked_in_vain: settlement.outcome === 'ask_again',
    remote_id: receipt?.remoteId,
    remote_url: receipt?.url,
    kind: failure?.kind,
    actor: failure?.actor,
    reason: failure?.reason,
    platform_message: failure?.platformMessage,
    outcome: settlement.outcome,
    detail: failure?.detail ?? pending?.detail,
  };
}

/** PostgreSQL's text takes neither NUL nor half of a surrogate pair, and a platform's message may contain either. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\u0000', '').toWellFormed() : part,
  );
}

/**
 * `proven`: this receipt has made the delivery published. `second`: another receipt had published it, and this claim sent it
 * as well. `known`: it was published before, and nothing suggests a second post.
 */
export type ReceiptNote = 'proven' | { second: string } | 'known';

/**
 * A receipt is proof, whichever worker holds the delivery now: the delivery becomes published, and nobody sends it any more.
 * If the present holder has sent it already, the ledger still keeps that holder's own answer.
 *
 * A post that has ended is written to as well, so that this statement and `settlePosts`, which counts before it locks, wait
 * for each other or see each other. The post is then settled again by what is known now.
 */
export async function recordReceipt(db: SqlRunner, held: Held, receipt: Receipt): Promise<ReceiptNote> {
  const [row] = await db.query<{ proven: boolean; second: string | null }>(
    `WITH found AS (
       SELECT id, status, remote_id FROM delivery WHERE id = $1 FOR UPDATE
     ), proven AS (
       UPDATE delivery d
       SET status = 'published', fence = fence + 1, lease_until = NULL, next_attempt_at = NULL, sending_at = NULL,
           sending_deadline_at = NULL, call_ended_at = NULL, absence_unproved = false, remote_id = $2, remote_url = $3,
           published_at = now(), failure_kind = NULL, failure_actor = NULL, failure_reason = NULL, failure_platform_message = NULL,
           updated_at = now()
       FROM found WHERE d.id = found.id AND found.status <> 'published'
       RETURNING d.id, d.post_id, d.fence
     ), own AS (
       SELECT a.id, a.sending_at FROM attempt a WHERE a.delivery_id = $1 AND a.claim_token = $4
     ), noted AS (
       UPDATE attempt SET ended_at = now(), outcome = 'published', detail = 'answered after its lease had run out'
       FROM proven, own WHERE attempt.id = own.id
     ), restored AS (
       INSERT INTO attempt (delivery_id, fence, claim_token, worker, trigger, ended_at, outcome, detail)
       SELECT id, fence, $4, 'unknown', 'receipt', now(), 'published', 'answered under a claim that the database has lost'
       FROM proven WHERE NOT EXISTS (SELECT FROM own)
     ), overtaken AS (
       -- Closed here: a published delivery is never claimed again, so nobody would close it if its worker died now.
       UPDATE attempt
       SET ended_at = now(), outcome = 'superseded',
           detail = 'an earlier attempt had published it' ||
             CASE WHEN attempt.sending_at IS NULL THEN '' ELSE ', and this one may have sent it as well' END
       FROM proven
       WHERE attempt.delivery_id = $1 AND attempt.claim_token IS DISTINCT FROM $4 AND attempt.ended_at IS NULL
     ), reopened AS (
       UPDATE post SET status = 'publishing', updated_at = now()
       FROM proven
       WHERE post.id = proven.post_id AND post.status IN ('publishing', 'failed', 'partially_published')
     ), second AS (
       SELECT remote_id FROM found
       WHERE status = 'published' AND remote_id <> $2 AND NOT EXISTS (SELECT FROM own WHERE sending_at IS NULL)
     ), kept AS (
       UPDATE attempt
       SET ended_at = now(), outcome = 'published', detail = 'published as ' || $2::text || ', after another attempt had published it'
       FROM second, own WHERE attempt.id = own.id
     )
     SELECT EXISTS (SELECT FROM proven) AS proven, (SELECT remote_id FROM second) AS second`,
    [held.id, receipt.remoteId, receipt.url, held.claimToken],
  );
  if (row?.proven) return 'proven';
  return row?.second ? { second: row.second } : 'known';
}

/** The claim was lost to another worker: closes its attempt as superseded, and notes what became of its own public call. */
export async function markSuperseded(db: SqlRunner, held: Held, ownAnswer?: string): Promise<void> {
  await db.query(
    `UPDATE attempt
     SET ended_at = COALESCE(ended_at, now()), outcome = 'superseded', detail = COALESCE($3, detail)
     WHERE delivery_id = $1 AND claim_token = $2
       AND (ended_at IS NULL OR (outcome = 'superseded' AND $3::text IS NOT NULL))`,
    [held.id, held.claimToken, ownAnswer ?? null],
  );
}

/** How often faults of this server had this delivery handed back since it was due. A stopping worker does not count. */
export async function countHandBacks(db: SqlRunner, deliveryId: string): Promise<number> {
  const [row] = await db.query<{ handBacks: number }>(
    `SELECT count(*)::int AS "handBacks" FROM attempt a JOIN delivery d ON d.id = a.delivery_id
     WHERE d.id = $1 AND a.started_at >= d.due_at AND a.outcome = 'handed_back' AND a.failure_kind IS NOT NULL`,
    [deliveryId],
  );
  return row?.handBacks ?? 0;
}
