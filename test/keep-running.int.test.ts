import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { eventually } from './support/app.ts';
import { startStack, type Stack } from '../scripts/lib/stack.mjs';

// A real stack, as `npm start` brings it up, one part of which keeps dying.

const DEATHS = 8;

let database: TestDatabase;
let home: string;
let stack: Stack;
let printed: string;
const write = process.stderr.write.bind(process.stderr);

beforeEach(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'solospark-home-'));
  printed = '';
  process.stderr.write = (text: string | Uint8Array) => Boolean((printed += String(text)));
  stack = await startStack({
    settings: { PATH: process.env['PATH'] ?? '', DATABASE_URL: database.url, PORT: '0' },
    home,
    signal: new AbortController().signal,
    quiet: true,
    pauses: { firstMs: 10, mostMs: 300 },
  });
}, 180_000);

afterEach(async () => {
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

it('a worker that dies eight times is started again each time with growing pauses, while the API goes on', async () => {
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
    'the worker is at work again',
  );
  expect(stack.facts().pids).toMatchObject({ api: pids.api, sandbox: pids.sandbox });
  const pauses = [...printed.matchAll(/worker ended .*Starting it again in ([\d.]+) s/g)].map(([, s]) =>
    Number(s),
  );
  expect(pauses).toEqual([0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.3, 0.3]);
  expect(printed).toContain('the 7th time in a row; the rest goes on');
}, 180_000);
