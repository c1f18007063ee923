import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from './support/app.ts';
import { envOf, launch, startProcess, type AppProcess } from './support/processes.ts';
import { freePort } from './support/queue.ts';

// The apps as they are deployed: real processes, stopped politely and killed without warning.

let app: TestApp;
const processes: AppProcess[] = [];
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.signal('SIGKILL');
    await process.exited;
  }
  await app.close();
});

const start = async (name: 'api' | 'worker', env: Record<string, string> = {}) => {
  const process = await startProcess(name, { ...envOf(app), ...env });
  processes.push(process);
  return process;
};
const publishNow = async (text: string) => {
  const post = (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post.id as string;
};
const statusOf = async (id: string) => (await app.request('GET', `/posts/${id}`)).body.status as string;
const isPublished = (id: string) =>
  eventually(
    () => statusOf(id),
    (status) => status === 'published',
    'the post is published',
  );
/** The public call is under way: the platform has received it and has not answered. */
const publicCallUnderWay = () =>
  eventually(
    async () => (await app.sandbox('GET', '/requests?platform=x')) as { requests: { publish?: number } },
    ({ requests }) => (requests.publish ?? 0) > 0,
    'the public call is under way',
  );
const timesPublic = async (text: string) =>
  (await app.publicPosts('x')).filter((post) => post.text === text).length;

describe('the worker process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what it is publishing on %s, and exits 0',
    async (signal) => {
      const worker = await start('worker');
      await app.sandbox('POST', '/latency', { platform: 'x', ms: 1_500 });
      const id = await publishNow('polite');
      await publicCallUnderWay();
      worker.signal(signal);
      expect(await worker.exited).toBe(0);
      expect(await statusOf(id)).toBe('published');
      expect(await timesPublic('polite')).toBe(1);
    },
  );

  it('killed in the middle of the public call: another one finds the post and publishes nothing', async () => {
    const first = await start('worker');
    await app.sandbox('POST', '/latency', { platform: 'x', ms: 1_500 });
    const id = await publishNow('killed');
    await publicCallUnderWay();
    first.signal('SIGKILL');
    await first.exited;
    await start('worker');
    await isPublished(id);
    expect(await timesPublic('killed')).toBe(1);
    const attempts = await app.ctx.db.query<{ outcome: string }>(
      'SELECT a.outcome FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.post_id = $1 ORDER BY a.fence',
      [id],
    );
    expect(attempts[0]?.outcome).toBe('superseded');
    expect(attempts.at(-1)?.outcome).toBe('published');
  });

  it('names every bad variable and does not start', async () => {
    const worker = launch('worker', {
      ...envOf(app),
      PUBLIC_URL: '',
      DATABASE_URL: 'mysql://nowhere',
      WORKER_CONCURRENCY: 'many',
    });
    expect(await worker.exited).toBe(1);
    for (const name of ['PUBLIC_URL', 'DATABASE_URL', 'WORKER_CONCURRENCY']) {
      expect(worker.output()).toContain(name);
    }
    expect(worker.output()).not.toContain('mysql://nowhere');
  });

  it('writes neither tokens nor post text to its log', async () => {
    const worker = await start('worker', { LOG_LEVEL: 'trace' });
    const id = await publishNow('a secret plan');
    await isPublished(id);
    worker.signal('SIGTERM');
    await worker.exited;
    expect(worker.output()).toContain('delivery published');
    expect(worker.output()).not.toContain('secret plan');
    expect(worker.output()).not.toContain('sandbox-demo');
  });
});

describe('two worker processes', () => {
  it('renew the access of one account once, and everything that waits for it goes out', async () => {
    const signIn = { platform: 'bluesky', identifier: 'ada.test', password: 'sandbox-ada', sandbox: true };
    const { id: channelId } = (await app.request('POST', '/connections/sign-in', signIn)).body;
    const identityCalls = async () => {
      const answer = await app.sandbox('GET', '/requests?platform=bluesky&account=ada');
      return (answer as { requests: { identity: number } }).requests.identity;
    };
    const before = await identityCalls();
    const workers = await Promise.all([start('worker'), start('worker')]);
    // It has ended, as the platform knows and we do not, and every answer takes so long that both are told at once.
    await app.sandbox('POST', '/clock', { offsetMs: 121 * 60_000 });
    await app.sandbox('POST', '/latency', { platform: 'bluesky', ms: 3_000 });
    const texts = Array.from({ length: 10 }, (_, index) => `waits for it ${index}`);
    for (const text of texts) {
      const post = (await app.request('POST', '/posts', { text, channelIds: [channelId] })).body;
      expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
    }
    const published = async () => (await app.publicPosts('bluesky')).map(({ text }) => text).sort();
    await eventually(published, (posts) => posts.length === texts.length, 'all are out');
    expect(await published()).toEqual(texts);
    expect(await identityCalls()).toBe(before + 1);
    const told = (worker: AppProcess, what: string) => worker.output().split(what).length - 1;
    expect(workers.map((worker) => told(worker, 'credentials renewed')).sort()).toEqual([0, 1]);
    for (const worker of workers) expect(told(worker, 'delivery published')).toBeGreaterThan(0);
  });
});

describe('the API process', () => {
  it('with EMBED_WORKER publishes by itself, and exits 0', async () => {
    const port = await freePort();
    const api = await start('api', { PORT: String(port), EMBED_WORKER: 'true' });
    const id = await publishNow('embedded');
    await isPublished(id);
    await eventually(
      async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).json(),
      (told) => JSON.stringify(told).includes('"status":"ready"'),
      'it is ready',
    );
    api.signal('SIGTERM');
    expect(await api.exited).toBe(0);
    expect(await timesPublic('embedded')).toBe(1);
  });
});
