import { setTimeout as delay } from 'node:timers/promises';
import { startChild, type Child } from '../child.ts';
import { mainOf, type Channel, type Installation } from '../installation.ts';
import { textOf } from '../platform/contract.ts';
import type { DuePost } from './contestant.ts';

// The rows and worker processes of SoloSpark.

export function startOurWorker(
  installation: Installation,
  options: { name?: string; concurrency: number; logs: string; nodeArgs?: string[] },
): Promise<Child> {
  return startChild({
    name: options.name ?? 'worker',
    script: mainOf(installation.root, 'worker', options.nodeArgs),
    nodeArgs: options.nodeArgs ?? [],
    cwd: installation.root,
    env: { ...installation.env, WORKER_CONCURRENCY: String(options.concurrency) },
    logs: options.logs,
  });
}

export async function forgetPosts({ sql }: Installation): Promise<void> {
  await sql('TRUNCATE post, delivery, attempt, post_media, rate_bucket');
}

/** Inserts posts as the API writes them, but without alarms. Each post has one channel; channels alternate. */
export async function insertScheduled(
  { organizationId, sql }: Installation,
  posts: DuePost[],
  channels: Channel[],
): Promise<void> {
  const targets = posts.map(({ number }) => channels[number % channels.length]);
  await sql(
    `WITH given AS (
       SELECT gen_random_uuid() AS id, due, text, channel_id, platform
       FROM unnest($2::timestamptz[], $3::text[], $4::uuid[], $5::text[]) AS g(due, text, channel_id, platform)
     ), posts AS (
       INSERT INTO post (id, organization_id, text, status, revision, scheduled_at, schedule_job_id)
       SELECT id, $1, text, 'scheduled', 2, due, 'post-' || id || '-r2' FROM given
     )
     INSERT INTO delivery (post_id, channel_id, platform) SELECT id, channel_id, platform FROM given`,
    [
      organizationId,
      posts.map(({ dueAt }) => dueAt),
      posts.map(({ number }) => textOf(number)),
      targets.map((channel) => channel?.id),
      targets.map((channel) => channel?.platform),
    ],
  );
  // As autovacuum does after a while, so that query plans fit these tables.
  await sql('ANALYZE post, delivery');
}

/** Resolves when the worker's sweepers have set every alarm. */
export async function alarmsSet({ sql }: Installation): Promise<void> {
  for (;;) {
    const [row] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM post WHERE status = 'scheduled' AND alarm_set_at IS NULL`,
    );
    if (row?.n === 0) return;
    await delay(100);
  }
}
