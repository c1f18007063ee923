import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reservePort } from '../test/chaos/servers.ts';
import { startChild, type Child } from './child.ts';
import { POOL_SIZE, type Servers, type Sql } from './servers.ts';

export interface Channel {
  id: string;
  platform: string;
}

/** A complete installation of SoloSpark: migrated, with an organization, its key and its channels. */
export interface Installation {
  /** The built tree. */
  root: string;
  /** The environment of all its processes. */
  env: { [name: string]: string };
  organizationId: string;
  apiKey: string;
  /** As many LinkedIn accounts as were asked for. */
  channels: Channel[];
  /** One account on each platform. */
  demoChannels: Channel[];
  sql: Sql;
  startApi(port: number, nodeArgs?: string[]): Promise<{ child: Child; base: string }>;
  /** Stopped already when the posts go to the bench's own platform. */
  sandbox: Child;
}

const AT_ONCE = 10;

export async function install(options: {
  root: string;
  servers: Servers;
  engine: 'redis' | 'postgres';
  /** The platform that the posts go to; undefined for the sandbox. */
  platformUrl: string | undefined;
  accounts: number;
  apiPort: number;
  logs: string;
}): Promise<Installation> {
  const { root, servers, logs } = options;
  await program(root, 'packages/db/tools/migrate.mjs', { DATABASE_URL: servers.oursUrl });
  // Accounts are created on the sandbox, even when the posts go to the bench's own platform.
  const sandboxPort = await reservePort();
  const sandbox = await startChild({
    name: 'sandbox',
    script: join(root, 'apps/sandbox/bundle/main.js'),
    cwd: root,
    env: { PORT: String(sandboxPort), LOG_LEVEL: 'warn' },
    logs,
  });
  const env: { [name: string]: string } = {
    DATABASE_URL: servers.oursUrl,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    ...(options.engine === 'redis' ? { REDIS_URL: servers.redis.url } : {}),
    SANDBOX_URL: `http://127.0.0.1:${sandboxPort}`,
    PUBLIC_URL: `http://127.0.0.1:${options.apiPort}`,
    SEALING_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
    BETTER_AUTH_SECRET: randomBytes(32).toString('hex'),
    MEDIA_DIR: join(logs, 'media'),
    // The platforms' own budgets would end every burst after a few posts per account.
    RATE_LIMITS: ['x', 'instagram', 'linkedin']
      .flatMap((id) => [`${id}.account=1000000/60`, `${id}.platform=1000000/60`])
      .join(','),
    LOG_LEVEL: 'info',
  };
  const seeded = await program(root, 'apps/api/dist/seed.js', env);
  const {
    organizationId,
    apiKey,
    channels: demoChannels,
  } = JSON.parse(seeded.split('\n').at(-1) ?? '') as {
    organizationId: string;
    apiKey: string;
    channels: Channel[];
  };
  const startApi = async (port: number, nodeArgs: string[] = []) => ({
    child: await startChild({
      name: 'api',
      nodeArgs,
      script: mainOf(root, 'api', nodeArgs),
      cwd: root,
      env: { ...env, PORT: String(port) },
      logs,
    }),
    base: `http://127.0.0.1:${port}/organizations/${organizationId}`,
  });
  const { child, base } = await startApi(options.apiPort);
  try {
    const channels = await connectChannels(base, apiKey, options.accounts);
    if (options.platformUrl) env['SANDBOX_URL'] = options.platformUrl;
    return { root, env, organizationId, apiKey, channels, demoChannels, sql: servers.sql, startApi, sandbox };
  } finally {
    await child.end('SIGTERM');
    if (options.platformUrl) await sandbox.end('SIGTERM');
  }
}

/** The script that production starts. Under a profiler the unbundled one, so that the profile can name its files. */
export function mainOf(root: string, app: string, nodeArgs: string[] = []): string {
  return join(root, 'apps', app, nodeArgs.length > 0 ? 'dist' : 'bundle', 'main.js');
}

/** The handle of account number `index`; its token is `sandbox-<handle>`. */
export function handleOf(index: number): string {
  return `bench${String(index).padStart(4, '0')}`;
}

async function connectChannels(base: string, apiKey: string, accounts: number): Promise<Channel[]> {
  const channels: Channel[] = [];
  for (let first = 0; first < accounts; first += AT_ONCE) {
    const handles = Array.from({ length: Math.min(AT_ONCE, accounts - first) }, (_, i) =>
      handleOf(first + i),
    );
    const made = handles.map(async (handle) => {
      const answer = await fetch(`${base}/channels`, {
        method: 'POST',
        headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
        body: JSON.stringify({ platform: 'linkedin', handle }),
      });
      if (answer.status !== 201) throw new Error(`channel: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Channel;
    });
    channels.push(...(await Promise.all(made)));
  }
  return channels;
}

/** Runs one of our programs to its end, and returns its output. */
async function program(root: string, script: string, env: { [name: string]: string }): Promise<string> {
  const run = await promisify(execFile)(process.execPath, [script], {
    cwd: root,
    env: { PATH: process.env['PATH'], SOLOSPARK_HOME: '/nonexistent', ...env },
  });
  return run.stdout.trim();
}
