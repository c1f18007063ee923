import type { Database } from '@solospark/db';
import type { ChaosStack } from './stack.ts';

// Collects the evidence when everything is quiet: the rows, the ledger, and what is really public.

export interface PostRow {
  id: string;
  text: string;
  status: string;
  revision: number;
  scheduledAt: Date | null;
  scheduleJobId: string | null;
  deletedAt: Date | null;
}

export interface DeliveryRow {
  id: string;
  postId: string;
  platform: string;
  handle: string;
  status: string;
  dueAt: Date | null;
  nextAttemptAt: Date | null;
  leaseUntil: Date | null;
  sendingAt: Date | null;
  publishedAt: Date | null;
  fence: number;
  attemptsUsed: number;
  remoteId: string | null;
  failureKind: string | null;
  failureReason: string | null;
  evidence: unknown;
}

export interface AttemptRow {
  deliveryId: string;
  fence: number;
  worker: string;
  trigger: string;
  startedAt: Date;
  sendingAt: Date | null;
  endedAt: Date | null;
  outcome: string | null;
  failureKind: string | null;
  detail: string | null;
}

export interface PublicPost {
  platform: string;
  account: string;
  id: string;
  text: string;
  createdAt: string;
}

export interface Evidence {
  posts: Map<string, PostRow>;
  /** By post id. */
  deliveries: Map<string, DeliveryRow[]>;
  /** By delivery id, oldest first. */
  attempts: Map<string, AttemptRow[]>;
  publicPosts: PublicPost[];
}

export async function gatherEvidence(stack: Pick<ChaosStack, 'db' | 'sandbox'>): Promise<Evidence> {
  const posts = await stack.db.query<PostRow>(
    `SELECT id, text, status, revision, scheduled_at AS "scheduledAt", schedule_job_id AS "scheduleJobId",
            deleted_at AS "deletedAt" FROM post`,
  );
  const deliveries = await stack.db.query<DeliveryRow>(
    `SELECT d.id, d.post_id AS "postId", d.platform, split_part(c.handle, '.', 1) AS handle, d.status, d.due_at AS "dueAt",
            d.next_attempt_at AS "nextAttemptAt", d.lease_until AS "leaseUntil", d.sending_at AS "sendingAt",
            d.published_at AS "publishedAt", d.fence, d.attempts_used AS "attemptsUsed", d.remote_id AS "remoteId",
            d.failure_kind AS "failureKind", d.failure_reason AS "failureReason", d.witness AS evidence
     FROM delivery d JOIN channel c ON c.id = d.channel_id`,
  );
  const attempts = await stack.db.query<AttemptRow>(
    `SELECT delivery_id AS "deliveryId", fence, worker, trigger, started_at AS "startedAt",
            sending_at AS "sendingAt", ended_at AS "endedAt", outcome, failure_kind AS "failureKind", detail
     FROM attempt ORDER BY delivery_id, fence`,
  );
  const shown = (await stack.sandbox('GET', '/posts?limit=1000000')) as { posts: PublicPost[] };
  return {
    posts: new Map(posts.map((post) => [post.id, post])),
    deliveries: groupBy(deliveries, (delivery) => delivery.postId),
    attempts: groupBy(attempts, (attempt) => attempt.deliveryId),
    publicPosts: shown.posts,
  };
}

export function groupBy<T>(rows: T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

export interface Open {
  scheduled: number;
  publishing: number;
  deliveries: number;
  /** Claimed deliveries whose lease expired a while ago. With workers up, one of them should have taken over (I4). */
  abandoned: string[];
  /** The time until the last waiting delivery is tried again. */
  nextAttemptInMs: number | null;
}

/** Everything that has not ended yet. */
export async function findOpen(db: Database): Promise<Open> {
  const [row] = await db.query<Open>(
    `SELECT (SELECT count(*) FROM post WHERE status = 'scheduled' AND deleted_at IS NULL)::int AS scheduled,
            (SELECT count(*) FROM post WHERE status = 'publishing')::int AS publishing,
            count(*)::int AS deliveries,
            COALESCE(array_agg(d.id) FILTER (WHERE d.status = 'publishing' AND d.lease_until < now() - interval '8 s'), '{}') AS abandoned,
            (extract(epoch FROM max(d.next_attempt_at) - now()) * 1000)::float8 AS "nextAttemptInMs"
     FROM delivery d JOIN post p ON p.id = d.post_id
     WHERE d.status IN ('pending', 'publishing') AND p.status = 'publishing'`,
  );
  if (!row) throw new Error('no row');
  return row;
}
