import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from './support/app.ts';
import { envOf, launch, startProcess, type AppProcess } from './support/processes.ts';
import { freePort } from './support/queue.ts';

// Runs the apps as they are deployed: as real processes, which are stopped with a signal or killed.

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
/** Waits until the platform has received the public call, and has not answered yet. */
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
    'finishes the running publication on %s, and exits with 0',
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

  it('killed during the public call: another worker finds the post, and does not publish it again', async () => {
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

  it('does not start with invalid variables, and names each of them', async () => {
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

  it('logs neither tokens nor the text of posts', async () => {
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
  it('renew the credentials of one account only once, and publish every delivery that waits for them', async () => {
    const signIn = { platform: 'bluesky', identifier: 'ada.test', password: 'sandbox-ada', sandbox: true };
    const { id: channelId } = (await app.request('POST', '/connections/sign-in', signIn)).body;
    const identityCalls = async () => {
      const answer = await app.sandbox('GET', '/requests?platform=bluesky&account=ada');
      return (answer as { requests: { identity: number } }).requests.identity;
    };
    const before = await identityCalls();
    const workers = await Promise.all([start('worker'), start('worker')]);
    // The access token has expired at the platform, which we do not know yet. The latency makes both workers hear it at once.
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
  it('with EMBED_WORKER publishes without a worker process, and exits with 0', async () => {
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
