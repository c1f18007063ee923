import { Queue } from 'bullmq';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';

// The floor: the minimum of an API that schedules posts. Fastify, one statement, one job; no key, no rules, no revision, no
// channel, no log.

const { DATABASE_URL, REDIS_URL = '', PORT, POOL_SIZE } = process.env;
const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: Number(POOL_SIZE),
  application_name: 'plain-api',
});
const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue<{ id: string }>('posts', { prefix: 'floor', connection });
const app = fastify();

app.put<{ Params: { id: string }; Body: { scheduledAt: string } }>(
  '/posts/:id/schedule',
  async ({ params, body }) => {
    const dueAt = new Date(body.scheduledAt);
    const { rows } = await pool.query<{ id: string }>(
      `UPDATE job_post SET status = 'scheduled', due_at = $2 WHERE id = $1 RETURNING id, text, status, due_at`,
      [params.id, dueAt],
    );
    await addJob(params.id, dueAt);
    return rows[0];
  },
);

app.post<{ Body: { text: string } }>('/posts', async ({ body }, reply) => {
  const post = await insert(body.text);
  await addJob(post?.id ?? '', new Date(Date.now() + 3_600_000));
  return reply.code(201).send(post);
});

app.post<{ Body: { text: string } }>('/drafts', async ({ body }, reply) =>
  reply.code(201).send(await insert(body.text)),
);

async function insert(text: string): Promise<{ id: string } | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO job_post (id, token, text, status, due_at) VALUES (nextval('floor_ids'), '', $1, 'draft', now())
     RETURNING id, text, status`,
    [text],
  );
  return rows[0];
}

async function addJob(id: string, dueAt: Date): Promise<void> {
  const delay = dueAt.getTime() - Date.now();
  // The usual first solution: one job for each post and time.
  await queue.add(
    'publish',
    { id },
    { jobId: `post-${id}-${dueAt.getTime()}`, delay, removeOnComplete: true },
  );
}

await queue.waitUntilReady();
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
process.once('SIGTERM', () => process.exit(0));
process.send?.('ready');
