import { buildApp, createAuth, seedDemo } from '@solospark/api';
import { startPublishing, type Publishing } from '@solospark/domain';
import { createLogger } from '@solospark/foundation';
import { openContext, type OpenedContext } from '@solospark/runtime';
import { buildSandbox } from '@solospark/sandbox';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { createTestDatabase } from './database.ts';
import { uniquePrefix } from './queue.ts';

// Runs the API, the sandbox and, if wanted, a worker's publishing in this process, on a database of their own. A test that
// has to kill an app starts it as a process instead: see processes.ts.

export interface TestApp {
  ctx: OpenedContext;
  url: string;
  sandboxUrl: string;
  databaseUrl: string;
  mediaDirectory: string;
  sealingKeys: string;
  queuePrefix: string;
  organizationId: string;
  apiKey: string;
  channels: { id: string; platform: string }[];
  channelOn(platform: string): string;
  /** Calls the API with the demo organization's key; `path` is below that organization and starts with `/`. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  upload(name: string, bytes: Uint8Array, fields?: Record<string, string>): Promise<Answer>;
  /** The posts that are public on the sandbox's platform. */
  publicPosts(platform: string): Promise<PublicPost[]>;
  sandbox(method: string, path: string, body?: unknown): Promise<unknown>;
  startWorker(): Promise<Publishing>;
  close(): Promise<void>;
}

/** `body` is untyped: tests assert on it. */
export type Answer = supertest.Response;

export interface PublicPost {
  id: string;
  text: string;
  account: string;
  mediaCount: number;
}

interface TestAppOptions {
  redisUrl?: string;
  /** Path of the ffmpeg that converts videos; undefined: videos are not converted. */
  ffmpeg?: string | undefined;
  /** Limits of the API that replace its defaults. */
  limits?: Parameters<typeof buildApp>[1];
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const dispose of opened.splice(0).reverse()) await dispose();
  };
  try {
    return await openTestApp(options, opened, close);
  } catch (error) {
    // Anything left open would keep the test run from ending.
    await close();
    throw error;
  }
}

async function openTestApp(
  options: TestAppOptions,
  opened: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<TestApp> {
  const { url: databaseUrl, drop } = await createTestDatabase();
  opened.push(drop);
  const directory = await mkdtemp(join(tmpdir(), 'solospark-test-'));
  opened.push(() => rm(directory, { recursive: true, force: true }));
  const sandboxApp = buildSandbox();
  opened.push(() => sandboxApp.close());
  await sandboxApp.listen({ host: '127.0.0.1', port: 0 });
  const sandboxUrl = urlOf(sandboxApp.server.address());
  const queuePrefix = uniquePrefix();
  const sealingKeys = `test:${randomBytes(32).toString('base64')}`;
  const log = createLogger({ name: 'test', level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const ctx = openContext(
    {
      DATABASE_URL: databaseUrl,
      DATABASE_POOL_SIZE: 10,
      QUEUE_PREFIX: queuePrefix,
      ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
      SANDBOX_URL: sandboxUrl,
      PUBLIC_URL: 'http://127.0.0.1:1',
      SEALING_KEYS: sealingKeys,
      MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
      MEDIA_DIR: directory,
      FFMPEG_PATH: options.ffmpeg ?? 'off',
      ALLOW_PRIVATE_SERVERS: false,
      LOG_LEVEL: 'silent',
    },
    { log, applicationName: 'test' },
  );
  opened.push(() => ctx.close());
  const secret = randomBytes(32).toString('hex');
  const auth = createAuth({ db: ctx.db, secret, baseUrl: 'http://127.0.0.1' });
  const app = await buildApp(ctx, options.limits);
  opened.push(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = urlOf(app.server.address());
  // Signed links contain the API's address, which is known only now.
  ctx.settings.publicUrl = url;
  const demo = await seedDemo(ctx, auth);
  let workers = 0;
  const base = `/organizations/${demo.organizationId}`;

  const ask = (method: string, target: string): supertest.Test =>
    new supertest.Test(app.server, method, target).set('x-api-key', demo.apiKey).ok(() => true);

  return {
    ctx,
    url,
    sandboxUrl,
    databaseUrl,
    mediaDirectory: directory,
    sealingKeys,
    queuePrefix,
    ...demo,
    channelOn(platform) {
      const channel = demo.channels.find((candidate) => candidate.platform === platform);
      if (!channel) throw new Error(`no channel on ${platform}`);
      return channel.id;
    },
    async request(method, path, body, headers = {}) {
      const test = ask(method, base + path).set(headers);
      if (body !== undefined && !headers['content-type']) test.set('content-type', 'application/json');
      return test.send(body as object | string | undefined);
    },
    async upload(name, bytes, fields = {}) {
      return ask('POST', `${base}/media`).field(fields).attach('file', Buffer.from(bytes), name);
    },
    async publicPosts(platform) {
      const answer = await fetch(`${sandboxUrl}/_sandbox/posts?platform=${platform}`);
      return ((await answer.json()) as { posts: PublicPost[] }).posts;
    },
    async sandbox(method, path, body) {
      const answer = await fetch(`${sandboxUrl}/_sandbox${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`sandbox: ${answer.status} ${await answer.text()}`);
      return answer.status === 204 ? undefined : answer.json();
    },
    async startWorker() {
      const worker = `test-${(workers += 1)}`;
      const publishing = await startPublishing(ctx, { worker, platforms: ctx.platforms, concurrency: 20 });
      opened.push(() => publishing.stop({ timeoutMs: 10_000 }));
      return publishing;
    },
    close,
  };
}

/** Polls `ask` until `done` is true. The limit is generous, because a slow machine is not a failure. */
export async function eventually<T>(
  ask: () => Promise<T>,
  done: (value: T) => boolean,
  what: string,
  timeoutMs = 45_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const late = Date.now() > until;
    try {
      const value = await ask();
      if (done(value)) return value;
      if (late) throw new Error(`${what}: still ${JSON.stringify(value)} after ${timeoutMs} ms`);
    } catch (error) {
      // On a busy machine the queue may pass its deadline of half a second.
      if (late || (error as Error).name !== 'QueueUnavailableError') throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function demoImage(): Promise<Uint8Array> {
  return readFile(new URL('../../scripts/assets/demo.jpg', import.meta.url));
}

export function secondsAhead(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

function urlOf(address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return `http://127.0.0.1:${address.port}`;
}
