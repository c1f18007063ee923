import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { demoImage, eventually } from './support/app.ts';
import { expectLinesWithEachKeyOnce } from './support/log-lines.ts';
import { createDemoClient } from '../scripts/lib/demo-client.mjs';
import { identityOf } from '../scripts/lib/process-identity.mjs';
import { startStack, type Stack } from '../scripts/lib/stack.mjs';

// One real stack, as `npm start` starts it: it publishes, its worker dies again and again, its folder is removed, and it stops.

const DEATHS = 8;

let database: TestDatabase;
let home: string;
let stack: Stack;
let printed: string;
const write = process.stderr.write.bind(process.stderr);

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'solospark-home-'));
  printed = '';
  process.stderr.write = (text: string | Uint8Array) => Boolean((printed += String(text)));
  stack = await startStack({
    settings: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: database.url,
      PORT: '0',
      LOG_LEVEL: 'debug',
    },
    home,
    signal: new AbortController().signal,
    quiet: true,
    pauses: { firstMs: 10, mostMs: 300 },
  });
}, 180_000);

afterAll(async () => {
  await stack.stop();
  process.stderr.write = write;
  await database.drop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const workerPid = () => {
  const { pids } = JSON.parse(readFileSync(join(home, 'runtime.json'), 'utf8')) as {
    pids: { worker: number };
  };
  return pids.worker;
};

it('no log line has a duplicate key while the stack publishes to every platform', async () => {
  const client = createDemoClient(stack.facts());
  const { id: mediaId } = await client.upload(new Uint8Array(await demoImage()), 'demo.jpg');
  const platforms = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];
  const { id } = await client.createPost({ text: 'Hello', mediaIds: [mediaId], platforms });
  await client.schedule(id, new Date(Date.now() + 1_000));
  await eventually(
    () => client.getPost(id),
    ({ status }) => status === 'published',
    'the post is published',
  );
  for (const name of ['api', 'worker', 'sandbox']) {
    expectLinesWithEachKeyOnce(readFileSync(join(home, 'logs', `${name}.log`), 'utf8'));
  }
});

it('a worker that dies eight times is started again each time after a growing pause, while the API keeps running', async () => {
  const { apiUrl, pids } = stack.facts();
  for (let death = 1; death <= DEATHS; death += 1) {
    const before = workerPid();
    process.kill(before, 'SIGKILL');
    await eventually(
      () => Promise.resolve(workerPid()),
      (pid) => pid !== before,
      `the worker runs again after death ${death}`,
    );
    expect((await fetch(`${apiUrl}/health/live`)).status).toBe(200);
  }
  await eventually(
    async () => ((await (await fetch(`${apiUrl}/health/ready`)).json()) as { worker: string }).worker,
    (worker) => worker === 'up',
    'the worker is up again',
  );
  expect(stack.facts().pids).toMatchObject({ api: pids.api, sandbox: pids.sandbox });
  const pauses = [...printed.matchAll(/worker ended .*Starting it again in ([\d.]+) s/g)].map(([, s]) =>
    Number(s),
  );
  expect(pauses).toEqual([0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.3, 0.3]);
  expect(printed).toContain('the 7th time in a row; the rest goes on');
}, 180_000);

it('a stack whose folder was removed keeps the remaining processes running, and stops cleanly', async () => {
  const { apiUrl, pids } = stack.facts();
  rmSync(home, { recursive: true, force: true });
  printed = '';
  process.kill(pids.worker ?? 0, 'SIGKILL');
  await eventually(
    () => Promise.resolve(printed),
    (text) => text.includes('no such file'),
    'the failed start of the worker, which has no log folder, is reported',
  );
  expect((await fetch(`${apiUrl}/health/live`)).status).toBe(200);
  await stack.stop();
  expect(printed).not.toContain('Stopping');
  expect(Object.values(pids).map((pid) => identityOf(pid ?? 0))).toEqual([null, null, null]);
});
