import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, startTestApp, type TestApp } from './support/app.ts';
import { envOf } from './support/processes.ts';

// Runs the worker under a real PM2, with its own daemon and home, as in production.

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

describe('solospark-worker under PM2', () => {
  let app: TestApp;
  let home: string;
  beforeAll(async () => {
    app = await startTestApp();
    home = await mkdtemp(join(tmpdir(), 'solospark-pm2-'));
    await pm2('start', 'ecosystem.config.js', '--only', 'solospark-worker');
    await app.sandbox('POST', '/latency', { platform: 'x', ms: 3_000 });
  }, 120_000);
  afterAll(async () => {
    await pm2('kill');
    await rm(home, { recursive: true, force: true });
    await app.close();
  });

  const pm2 = async (...args: string[]) => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      PM2_HOME: home,
      SOLOSPARK_HOME: '/nonexistent',
      ...envOf(app),
    };
    const { stdout } = await run(join(root, 'node_modules/.bin/pm2'), args, {
      cwd: root,
      env,
      timeout: 90_000,
    });
    return stdout;
  };
  const worker = async () => {
    const list = await pm2('jlist');
    const [process] = JSON.parse(list.slice(list.indexOf('[{'))) as [
      { pid: number; pm2_env: { status: string; exit_code?: number; restart_time: number } },
    ];
    return process;
  };
  const publishSlowly = async (text: string) => {
    const post = (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    await eventually(
      () =>
        app.ctx.db.query('SELECT 1 FROM delivery WHERE post_id = $1 AND sending_at IS NOT NULL', [post.id]),
      (rows) => rows.length === 1,
      'the public call is under way',
    );
    return post.id as string;
  };
  const statusOf = async (id: string) => (await app.request('GET', `/posts/${id}`)).body.status as string;
  const timesPublic = async (text: string) =>
    (await app.publicPosts('x')).filter((post) => post.text === text).length;

  it('finishes a running publication on reload: a new worker runs, and the post is published once', async () => {
    const before = await worker();
    const id = await publishSlowly('reloaded');
    await pm2('reload', 'solospark-worker');
    expect(await statusOf(id)).toBe('published');
    expect(await timesPublic('reloaded')).toBe(1);
    const after = await worker();
    expect(after.pid).not.toBe(before.pid);
    expect(after.pm2_env.status).toBe('online');
  }, 120_000);

  it('finishes a running publication on stop: published once, exit code 0, and no process left', async () => {
    const { pid } = await worker();
    const id = await publishSlowly('stopped');
    await pm2('stop', 'solospark-worker');
    expect(await statusOf(id)).toBe('published');
    expect(await timesPublic('stopped')).toBe(1);
    const { pm2_env: after } = await worker();
    expect(after).toMatchObject({ status: 'stopped', exit_code: 0 });
    expect(() => process.kill(pid, 0)).toThrow();
  }, 120_000);
});
