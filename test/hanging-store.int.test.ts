import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoImage, eventually, startTestApp, type TestApp } from './support/app.ts';
import { envOf, startProcess, type AppProcess } from './support/processes.ts';

// One worker has its media on a dead network mount, where reads never return; a second worker has a healthy store. A FIFO without
// a writer simulates a file on the dead mount.

const POSTS = 5;

let app: TestApp;
let deadMount: string;
const processes: AppProcess[] = [];
beforeEach(async () => {
  app = await startTestApp();
  deadMount = await mkdtemp(join(tmpdir(), 'solospark-dead-mount-'));
});
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.signal('SIGKILL');
    await process.exited;
  }
  await rm(deadMount, { recursive: true, force: true });
  await app.close();
});

const startWorker = async (env: Record<string, string>) => {
  const process = await startProcess('worker', { ...envOf(app), ...env });
  processes.push(process);
  return process;
};
const startWorkerOnDeadMount = (env: Record<string, string>) => startWorker({ MEDIA_DIR: deadMount, ...env });

/** Publishes posts with an image. On the dead mount each file of the image exists, and reading it hangs. */
async function publishWithImage(): Promise<string[]> {
  const { id: mediaId } = (await app.upload('a.jpg', await demoImage())).body as { id: string };
  await cp(app.mediaDirectory, deadMount, { recursive: true });
  const entries = await readdir(deadMount, { recursive: true, withFileTypes: true });
  for (const file of entries.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    await rm(path);
    execFileSync('mkfifo', [path]);
  }
  const ids: string[] = [];
  for (let at = 0; at < POSTS; at += 1) {
    const content = { text: `With an image ${at}`, mediaIds: [mediaId], platforms: ['x'] };
    const post = (await app.request('POST', '/posts', content)).body as { id: string };
    expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
    ids.push(post.id);
  }
  return ids;
}
const attempts = (when: string) =>
  app.ctx.db.query<{ outcome: string | null; detail: string | null; failure: string | null }>(
    `SELECT a.outcome, a.detail, a.failure_kind AS failure FROM attempt a WHERE ${when}`,
  );
const allAreHeld = () =>
  eventually(
    () => attempts('a.ended_at IS NULL'),
    (open) => open.length === POSTS,
    'the worker on the dead mount holds all deliveries',
  );
const allArePublished = async (ids: string[]) => {
  const statuses = async () =>
    Promise.all(ids.map(async (id) => (await app.request('GET', `/posts/${id}`)).body.status as string));
  await eventually(
    statuses,
    (now) => now.every((status) => status === 'published'),
    'all are published',
    90_000,
  );
  const texts = (await app.publicPosts('x')).map(({ text }) => text).sort();
  expect(texts).toEqual(ids.map((_, at) => `With an image ${at}`));
};

it('a delivery whose media read hangs is released at its deadline, and another worker publishes it once', async () => {
  const ids = await publishWithImage();
  const stuck = await startWorkerOnDeadMount({ ATTEMPT_STALL_MS: '4000', SHUTDOWN_TIMEOUT_MS: '2000' });
  await allAreHeld();
  await startWorker({});
  const handedOn = await eventually(
    () => attempts('a.fence = 1 AND a.ended_at IS NOT NULL'),
    (ended) => ended.length === POSTS,
    'all are released, although their worker is alive and renews its leases',
  );
  for (const first of handedOn) {
    expect(first).toMatchObject({ outcome: 'retry', failure: 'unknown' });
    expect(first.detail).toMatch(/no step further for 4 s/);
  }
  // The hanging reads are in a child process, so they do not keep the worker from ending.
  stuck.signal('SIGTERM');
  expect(await stuck.exited).toBe(0);
  await allArePublished(ids);
}, 180_000);

it('a worker whose media reads hang hands back its deliveries on SIGTERM, and ends in bounded time', async () => {
  const ids = await publishWithImage();
  const stuck = await startWorkerOnDeadMount({ SHUTDOWN_TIMEOUT_MS: '3000' });
  await allAreHeld();
  stuck.signal('SIGTERM');
  expect(await stuck.exited).toBe(0);
  const first = await attempts('a.fence = 1');
  expect(first.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'handed_back'));
  await startWorker({});
  await allArePublished(ids);
}, 180_000);
