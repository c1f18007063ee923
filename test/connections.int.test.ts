import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { eventually, secondsAhead, startTestApp, type TestApp } from './support/app.ts';
import { describeWithRedis } from './support/describe-with-redis.ts';
import { envOf, startProcess, type AppProcess } from './support/processes.ts';
import { openRedisForTests, uniquePrefix } from './support/queue.ts';

// Counts the PostgreSQL connections of an installation: one API and three workers, as processes, with the default settings.

const POSTS = 60;
/** So high that no delivery waits for the rate limit. */
const RATE_LIMITS = 'x.account=100000/60,x.platform=100000/60';

let app: TestApp;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  app = await startTestApp();
}, 180_000);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await app.close();
}, 180_000);

async function start(name: 'api' | 'worker', env: Record<string, string>): Promise<AppProcess> {
  const process = await startProcess(name, { ...envOf(app), LOG_LEVEL: 'info', RATE_LIMITS, ...env });
  closers.push(async () => {
    process.signal('SIGKILL');
    await process.exited;
  });
  return process;
}

/** Connections of the processes, not of this test: the application name in their URL tells them apart. */
async function connections(): Promise<number> {
  const [row] = await app.ctx.db.query<{ count: number }>(
    `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'counted'`,
  );
  return row?.count ?? 0;
}

async function startAll(env: Record<string, string>): Promise<AppProcess[]> {
  const url = new URL(app.databaseUrl);
  url.searchParams.set('application_name', 'counted');
  const own = { DATABASE_URL: url.href, ...env };
  return [
    await start('api', { PORT: '0', ...own }),
    ...(await Promise.all([1, 2, 3].map(() => start('worker', own)))),
  ];
}

/** Publishes posts, and returns the highest number of connections that were open meanwhile. */
async function most(): Promise<number> {
  let peak = 0;
  const ids: string[] = [];
  for (let each = 0; each < POSTS; each += 1) {
    const { id } = (
      await app.request('POST', '/posts', { text: `burst ${randomInt(1e9)}`, platforms: ['x'] })
    ).body;
    ids.push(id);
  }
  // Enough time to schedule all of them on a busy machine.
  const scheduledAt = secondsAhead(30);
  const answers = await Promise.all(
    ids.map((id) => app.request('PUT', `/posts/${id}/schedule`, { scheduledAt })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await eventually(
    async () => {
      peak = Math.max(peak, await connections());
      return app.ctx.db.query(
        `SELECT status FROM post WHERE id = ANY ($1::uuid[]) AND status <> 'published'`,
        [ids],
      );
    },
    (left) => left.length === 0,
    'all are published',
    120_000,
  );
  return peak;
}

const untilAtRest = (atMost: number) =>
  eventually(
    connections,
    (count) => count > 0 && count <= atMost,
    `at most ${atMost} connections are open at rest`,
  );

it('without Redis: at most 24 connections are open at rest, and in a burst no more than the processes log as their most', async () => {
  const processes = await startAll({});
  // Each process: 10 for queries and 3 for the queue; each worker: 5 more for the queue.
  expect(await most()).toBeLessThanOrEqual(13 + 3 * 18);
  await untilAtRest(24);
  for (const process of processes.slice(1)) expect(process.output()).toContain('"most":18');
}, 180_000);

describeWithRedis('with Redis', () => {
  it('at most 12 connections are open at rest, and none is for the queue', async () => {
    const redis = await openRedisForTests();
    closers.push(() => redis.close());
    const env = { REDIS_URL: redis.url, QUEUE_PREFIX: uniquePrefix() };
    const [api] = await startAll(env);
    await untilAtRest(12);
    expect(api?.output()).toContain('"most":10');
  }, 180_000);
});

describe('a worker that starts on a PostgreSQL near its connection limit', () => {
  it('logs a warning with its own most, the used connections and the limit', async () => {
    const name = new URL(app.databaseUrl).pathname.slice(1);
    await app.ctx.db.query(`ALTER DATABASE ${name} CONNECTION LIMIT 20`);
    const worker = await start('worker', {});
    await eventually(
      () => Promise.resolve(worker.output()),
      (output) => output.includes('PostgreSQL is near its connection limit'),
      'the worker warns',
    );
    expect(worker.output()).toMatch(/"most":18,"used":\d+,"limit":20/);
  });
});
