import { applyMigrations, openDatabase, type Database } from '@solospark/db';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../../scripts/lib/home.mjs';
import { ensureDatabase } from '../../scripts/lib/postgres.mjs';
import { copyBuild } from './build-copy.ts';
import { mediaStore } from './media-store.ts';
import { openPlatformServer, type PlatformServer } from './platform-servers.ts';
import type { Record } from './record.ts';
import { openPostgres, openRedis, reservePort, type PostgresServer, type RedisServer } from './servers.ts';
import { supervise, type Supervised } from './supervised.ts';

// Starts a whole installation of real processes on free ports: PostgreSQL, Redis, sandbox, APIs, workers.

const HANDLES = ['ada', 'ben'];
/** Platforms that are one service. */
const SERVICES = ['x', 'instagram', 'linkedin'];
/** A platform of many servers: each of its accounts is on its own server. */
const MANY_SERVERS = 'bluesky';
export const PLATFORMS = [...SERVICES, MANY_SERVERS];

export interface Channel {
  id: string;
  platform: string;
  handle: string;
}

export interface ChaosStack {
  postgres: PostgresServer;
  redis: RedisServer | null;
  workers: Supervised[];
  apis: Supervised[];
  /** The servers of Bluesky, one for each of its accounts. */
  servers: PlatformServer[];
  store: ReturnType<typeof mediaStore>;
  apiUrls: string[];
  db: Database;
  organizationId: string;
  apiKey: string;
  channels: Channel[];
  mediaId: string;
  sandbox(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

interface Identified {
  id: string;
}

export interface StackOptions {
  engine: 'redis' | 'postgres';
  workers: number;
  apis: number;
  root: string | undefined;
  /** An existing folder for logs. */
  logs: string;
  record: Record;
  /** Additional environment of a worker until its first restart. */
  workerExtra: (index: number) => { [name: string]: string };
}

export async function openStack(options: StackOptions): Promise<ChaosStack> {
  const opened: (() => unknown)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    return await bringUp(options, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function bringUp(
  options: StackOptions,
  opened: (() => unknown)[],
  close: () => Promise<void>,
): Promise<ChaosStack> {
  const { record, logs } = options;
  const { root, remove } = copyBuild(options.root);
  opened.push(remove);
  const postgres = await openPostgres();
  opened.push(() => postgres.stop());
  await ensureDatabase(postgres.urlOf('postgres'), 'solospark');
  const databaseUrl = postgres.urlOf('solospark');
  await applyMigrations({ url: databaseUrl });
  const redis = options.engine === 'redis' ? await openRedis() : null;
  if (redis) opened.push(() => redis.stop());

  const sandboxPort = await reservePort();
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const servers: PlatformServer[] = [];
  while (servers.length < HANDLES.length) {
    const server = await openPlatformServer(`${sandboxUrl}/${MANY_SERVERS}`);
    opened.push(() => server.stop());
    servers.push(server);
  }
  const apiPorts: number[] = [];
  while (apiPorts.length < options.apis) apiPorts.push(await reservePort());
  const apiUrls = apiPorts.map((port) => `http://127.0.0.1:${port}`);
  const mediaDirectory = join(logs, 'media');
  mkdirSync(mediaDirectory, { recursive: true });
  const env: { [name: string]: string } = {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: '12',
    ...(redis ? { REDIS_URL: redis.url } : {}),
    SANDBOX_URL: sandboxUrl,
    PUBLIC_URL: apiUrls[0] ?? '',
    SEALING_KEYS: `chaos:${randomBytes(32).toString('base64')}`,
    MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
    BETTER_AUTH_SECRET: randomBytes(32).toString('hex'),
    MEDIA_DIR: mediaDirectory,
    RATE_LIMITS: PLATFORMS.flatMap((id) => [`${id}.account=1000000/60`, `${id}.platform=1000000/60`]).join(
      ',',
    ),
    ALLOW_PRIVATE_SERVERS: 'true',
    SHUTDOWN_TIMEOUT_MS: '10000',
    LOG_LEVEL: 'info',
  };
  const program = (name: string, app: string, own: { [name: string]: string } = {}) => {
    const process = supervise({
      name,
      root,
      script: `apps/${app}/bundle/main.js`,
      env: { ...env, ...own },
      logs,
      record,
    });
    opened.push(() => process.end());
    return process;
  };
  const sandboxProcess = program('sandbox', 'sandbox', { PORT: String(sandboxPort), LOG_LEVEL: 'warn' });
  await sandboxProcess.start();
  const seeded = await promisify(execFile)(process.execPath, ['apps/api/dist/seed.js'], {
    cwd: root,
    env: { PATH: process.env['PATH'], SOLOSPARK_HOME: '/nonexistent', ...env, LOG_LEVEL: 'error' },
  });
  const { organizationId, apiKey } = JSON.parse(seeded.stdout.trim().split('\n').at(-1) ?? '');

  const apis = apiPorts.map((port, index) => program(`api ${index}`, 'api', { PORT: String(port) }));
  const workers = Array.from({ length: options.workers }, (_, index) =>
    program(`worker ${index}`, 'worker', { WORKER_CONCURRENCY: '20' }),
  );
  await Promise.all([
    ...apis.map((api) => api.start()),
    ...workers.map((worker, index) => worker.start(options.workerExtra(index))),
  ]);
  const db = openDatabase({ url: databaseUrl, applicationName: 'chaos', maxConnections: 3 });
  opened.push(() => db.close());

  const base = `${apiUrls[0]}/organizations/${organizationId}`;
  const channels: Channel[] = [];
  const connect = async (path: string, platform: string, handle: string, account: object) => {
    const body = JSON.stringify({ platform, ...account });
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
    const connected = await must(await fetch(`${base}${path}`, { method: 'POST', headers, body }));
    channels.push({ id: (connected as Identified).id, platform, handle });
  };
  for (const [index, handle] of HANDLES.entries()) {
    for (const platform of SERVICES) await connect('/channels', platform, handle, { handle });
    const account = { identifier: `${handle}.test`, password: `sandbox-${handle}` };
    await connect('/connections/sign-in', MANY_SERVERS, handle, { ...account, server: servers[index]?.url });
  }
  const form = new FormData();
  const image = readFileSync(join(repoRoot, 'scripts/assets/demo.jpg'));
  form.set('file', new Blob([image], { type: 'image/jpeg' }), 'demo.jpg');
  const uploaded = await fetch(`${base}/media`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey },
    body: form,
  });
  const media = await must(uploaded);

  return {
    postgres,
    redis,
    workers,
    apis,
    servers,
    store: mediaStore(mediaDirectory),
    apiUrls,
    db,
    organizationId,
    apiKey,
    channels,
    mediaId: (media as Identified).id,
    async sandbox(method, path, body) {
      const answer = await fetch(`${sandboxUrl}/_sandbox${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      return must(answer);
    },
    close,
  };
}

async function must(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text}`);
  return JSON.parse(text || '{}');
}
