import type { SqlRunner } from '@solospark/db';
import { MEDIA_OF_POST } from '../media/media.repository.ts';
import { LEASE_MS, type ClaimedDelivery } from './delivery.ts';
import { LIMITED_FOR_MS } from './rate-limit.repository.ts';

// Which worker publishes which delivery. Claiming and renewing are compare-and-sets by the database's clock.

export interface ClaimRequest {
  platform: string;
  limit: number;
  /** How many deliveries of one channel may be published at one time, by all processes together. */
  perChannel: number;
  /**
   * For a platform that is many servers: how many deliveries of one server, and of all servers in doubt together, this
   * process takes at most, and how many it holds of each. Null: the platform is one service.
   */
  perEndpoint?: { most: number; held: Record<string, number> } | null;
  /** Deliveries that this process publishes already: not abandoned, even if their leases could not be renewed. */
  except: readonly string[];
  /** What woke the worker, for the ledger. */
  trigger: 'job' | 'reconciler';
}

/** How long the probe after a platform's pause may take before another delivery may probe it. */
const PROBE_MS = 30_000;

/**
 * Claims deliveries of a platform that are due, or whose lease has expired: each gets a lease and a fencing number, and its
 * attempt is opened in the ledger.
 *
 * A delivery gets its queue position when its post fires, behind the deliveries of its own channel, so that a thousand posts
 * of one account do not delay the only post of another. Each server of a platform (its endpoint) is paused on its own. While
 * paused, it gives only deliveries whose lease has expired; after the pause it gives one, as a probe. Servers that hang,
 * however many, leave room for the others.
 */
export async function claimDeliveries(
  db: SqlRunner,
  request: ClaimRequest,
  worker: string,
): Promise<ClaimedDelivery[]> {
  return db.query<ClaimedDelivery>(
    `WITH RECURSIVE in_work AS (
       SELECT channel_id, count(*) AS deliveries FROM delivery
       WHERE platform = $4 AND status = 'publishing' AND lease_until > now() GROUP BY channel_id
     ), in_line AS (
       -- The endpoints that have pending deliveries: one index access for each.
       (SELECT endpoint FROM delivery
        WHERE platform = $4 AND status = 'pending' AND next_attempt_at IS NOT NULL ORDER BY endpoint LIMIT 1)
       UNION ALL
       SELECT (SELECT d.endpoint FROM delivery d
               WHERE d.platform = $4 AND d.status = 'pending' AND d.next_attempt_at IS NOT NULL
                 AND d.endpoint > in_line.endpoint
               ORDER BY d.endpoint LIMIT 1)
       FROM in_line WHERE in_line.endpoint IS NOT NULL
     ), probe AS (
       -- Only one of the workers that claim at this moment gets the row, and with it the probe.
       SELECT endpoint FROM platform_circuit WHERE platform = $4 AND paused_until <= now() FOR UPDATE SKIP LOCKED
     ), held AS (
       SELECT key AS endpoint, value::int AS deliveries FROM jsonb_each_text($9::jsonb)
     ), line AS (
       SELECT endpoint, c.endpoint IS NOT NULL AS in_doubt,
              CASE WHEN probe.endpoint IS NOT NULL THEN 1
                   WHEN c.paused_until IS NOT NULL THEN 0
                   ELSE $10::int - COALESCE(held.deliveries, 0) END AS room
       FROM in_line LEFT JOIN (SELECT * FROM platform_circuit WHERE platform = $4) c USING (endpoint)
       LEFT JOIN probe USING (endpoint) LEFT JOIN held USING (endpoint)
       WHERE endpoint IS NOT NULL
     ), front AS (
       -- More than needed: another worker may be claiming some of them at this moment.
       SELECT next.*, in_doubt FROM line CROSS JOIN LATERAL (
         SELECT id, channel_id, turn_at FROM delivery d
         WHERE platform = $4 AND d.endpoint = line.endpoint AND status = 'pending' AND next_attempt_at <= now()
           AND channel_id NOT IN (SELECT channel_id FROM in_work WHERE deliveries >= $6)
         ORDER BY turn_at LIMIT LEAST(room, $5 * 4)
       ) next WHERE room > 0
       UNION ALL
       SELECT id, channel_id, turn_at, false FROM delivery
       WHERE platform = $4 AND status = 'publishing' AND lease_until <= now() AND id <> ALL ($7::uuid[])
     ), counted AS (
       SELECT id, turn_at, in_doubt,
              COALESCE(in_work.deliveries, 0) + row_number() OVER (PARTITION BY channel_id ORDER BY turn_at, id) AS at_once
       FROM front LEFT JOIN in_work USING (channel_id)
     ), placed AS (
       SELECT id, turn_at, in_doubt, row_number() OVER (PARTITION BY in_doubt ORDER BY turn_at, id) AS place
       FROM counted WHERE at_once <= $6
     ), nearest AS (
       -- The limit is for the planner: it expects far more rows than there are, and would read the whole table below.
       SELECT id, turn_at FROM placed
       WHERE NOT in_doubt OR place <= (
         SELECT $10 - COALESCE(sum(deliveries), 0) FROM held JOIN platform_circuit c USING (endpoint) WHERE platform = $4)
       ORDER BY turn_at, id LIMIT $5 * 4
     ), candidate AS (
       -- Checked again under the lock. Written as a CASE so that no index fits: each row is then found by its key.
       SELECT d.id FROM delivery d JOIN nearest USING (id)
       WHERE CASE d.status WHEN 'pending' THEN d.next_attempt_at <= now()
                           WHEN 'publishing' THEN d.lease_until <= now() ELSE false END
       ORDER BY nearest.turn_at
       LIMIT $5
       FOR UPDATE OF d SKIP LOCKED
     ), claimed AS (
       UPDATE delivery d
       SET status = 'publishing', fence = fence + 1, claim_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $3::float8 / 1000),
           updated_at = now()
       FROM candidate WHERE d.id = candidate.id
       RETURNING d.*
     ), probing AS (
       UPDATE platform_circuit c SET paused_until = now() + make_interval(secs => $8::float8 / 1000)
       FROM probe
       WHERE c.platform = $4 AND c.endpoint = probe.endpoint
         AND EXISTS (SELECT FROM claimed WHERE claimed.endpoint = c.endpoint)
     ), abandoned AS (
       UPDATE attempt SET ended_at = now(), outcome = 'superseded', detail = 'its lease ran out'
       FROM claimed
       WHERE attempt.delivery_id = claimed.id AND attempt.fence = claimed.fence - 1 AND attempt.ended_at IS NULL
     ), opened AS (
       INSERT INTO attempt (delivery_id, fence, claim_token, worker, trigger)
       SELECT id, fence, claim_token, $1, $2 FROM claimed
     )
     SELECT d.id, d.fence, d.claim_token AS "claimToken", d.created_at AS "createdAt", d.post_id AS "postId",
            p.organization_id AS "organizationId", p.revision, d.platform, d.endpoint,
            COALESCE(d.text_override, p.text) AS text, d.settings, d.due_at AS "dueAt", now() AS "claimedAt",
            (extract(epoch FROM now() - d.due_at) * 1000)::float8 AS "sinceDueMs",
            -- Attempts from before the last due time do not count: a retry by a person sets a new one.
            COALESCE((extract(epoch FROM now() - (
              SELECT min(a.started_at) FROM attempt a WHERE a.delivery_id = d.id AND a.started_at >= d.due_at)) * 1000)
              ::float8, 0) AS "triedForMs",
            p.late_limit_minutes AS "lateLimitMinutes",
            d.attempts_used AS "attemptsUsed", d.reconcile_count AS "lookUpCount", d.sending_at AS "sendingAt",
            COALESCE((extract(epoch FROM d.sending_deadline_at - now()) * 1000)::float8, 0) AS "senderGoneInMs",
            d.call_ended_at AS "callEndedAt", d.absence_unproved AS "absenceUnproved", d.witness AS evidence,
            EXISTS (
              SELECT FROM attempt a
              WHERE a.delivery_id = d.id AND a.fence < d.fence AND a.sending_at IS NOT NULL
                AND COALESCE(a.outcome, 'superseded') IN ('uncertain', 'absent', 'ask_again', 'superseded')
            ) AS "sentBefore",
            ${LIMITED_FOR_MS} AS "limitedForMs",
            EXISTS (SELECT FROM platform_circuit pc WHERE pc.platform = $4 AND pc.endpoint = d.endpoint) AS "platformInDoubt",
            EXISTS (SELECT FROM probe WHERE probe.endpoint = d.endpoint) AS "isProbe",
            jsonb_build_object(
              'id', c.id, 'organizationId', c.organization_id, 'handle', c.handle,
              'platform', c.platform,
              'remoteAccountId', c.remote_account_id, 'server', c.server, 'sandbox', c.sandbox, 'status', c.status, 'limits', c.limits, 'holdsPosts', c.holds_posts,
              'sealedCredentials', c.sealed_credentials, 'credentialsVersion', c.credentials_version) AS channel,
            ${MEDIA_OF_POST} AS media
     FROM claimed d JOIN post p ON p.id = d.post_id JOIN channel c ON c.id = d.channel_id`,
    [
      worker,
      request.trigger,
      LEASE_MS,
      request.platform,
      request.limit,
      request.perChannel,
      request.except,
      PROBE_MS,
      JSON.stringify(request.perEndpoint?.held ?? {}),
      request.perEndpoint?.most ?? request.limit * 4,
    ],
  );
}

/** Platforms that have something to claim, in one cheap statement. */
export async function findBackloggedPlatforms(db: SqlRunner): Promise<string[]> {
  const rows = await db.query<{ platform: string }>(
    `SELECT platform FROM delivery WHERE status = 'pending' AND next_attempt_at <= now()
     UNION
     SELECT platform FROM delivery WHERE status = 'publishing' AND lease_until <= now()`,
  );
  return rows.map((row) => row.platform);
}

export type Held = Pick<ClaimedDelivery, 'id' | 'fence' | 'claimToken'>;

/** Claims as columns, by which statements over many of them join. */
export const columnsOfHeld = (items: readonly Held[]): unknown[][] => [
  items.map(({ id }) => id),
  items.map(({ fence }) => fence),
  items.map(({ claimToken }) => claimToken),
];

/**
 * Renews the leases of these claims, and returns the ids that are still held. A row that another transaction has locked is
 * skipped: waiting for it could cost all the others their leases. It still counts as held, and is renewed next time.
 */
export async function renewLeases(db: SqlRunner, held: Held[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    `WITH found AS (
       SELECT d.id, d.fence, d.claim_token, d.status, held.fence AS claimed_as, held.token AS claimed_with
       FROM delivery d JOIN unnest($1::uuid[], $2::int[], $3::uuid[]) AS held(id, fence, token) USING (id)
       FOR UPDATE OF d SKIP LOCKED
     ), renewed AS (
       UPDATE delivery d SET lease_until = now() + make_interval(secs => $4::float8 / 1000)
       FROM found WHERE d.id = found.id AND found.fence = claimed_as AND found.claim_token = claimed_with AND found.status = 'publishing'
     )
     SELECT d.id FROM delivery d JOIN unnest($1::uuid[], $2::int[], $3::uuid[]) AS held(id, fence, token) USING (id)
     WHERE CASE WHEN d.fence = held.fence AND d.claim_token = held.token THEN d.status = 'publishing' ELSE false END`,
    [...columnsOfHeld(held), LEASE_MS],
  );
  return new Set(rows.map((row) => row.id));
}
