import { connectionStringOf, openDatabase } from '@solospark/db';
import { ConfigError, parseKeyring, systemClock, type Logger } from '@solospark/foundation';
import { findFfmpeg } from '@solospark/media';
import { findPublisher, publishers, type OAuthClient, type Rates } from '@solospark/publishers';
import { createQueues } from '@solospark/queue';
import {
  openDiskProcess,
  openDiskStore,
  openS3Store,
  openStaging,
  type DiskProcess,
  type FileStore,
} from '@solospark/storage';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appVariables, checkSettings, versionVariables } from './check-settings.ts';
import type { ContextEnv } from './variables.ts';
import type { Context } from '@solospark/domain';

export interface OpenedContext extends Context {
  /** Closes everything that was opened. Never hangs. */
  close(): Promise<void>;
}

/**
 * Opens database, queue and file store. They connect lazily: a server that is away now is used when it is back.
 * @throws ConfigError that names every variable for which `checkSettings` finds a problem.
 */
export function openContext(
  env: ContextEnv,
  options: { log: Logger; applicationName: string },
): OpenedContext {
  const { log } = options;
  const problems = Object.entries(checkSettings(env)).map(([name, problem]) => `${name} ${problem}`);
  if (problems.length > 0) throw new ConfigError(problems);
  const platforms = publishers.map((publisher) => publisher.id);
  const timeoutMs = env.MEDIA_TIMEOUT_MS ?? 10_000;
  const disk = openDiskProcess({ timeoutMs });
  const files = openFiles(env, disk, timeoutMs);
  const db = openDatabase({
    url: env.DATABASE_URL,
    maxConnections: env.DATABASE_POOL_SIZE,
    applicationName: options.applicationName,
    log,
  });
  const queues = createQueues({
    redisUrl: env.REDIS_URL ?? null,
    redisCa: env.REDIS_CA_FILE === undefined ? undefined : readFileSync(env.REDIS_CA_FILE, 'utf8'),
    prefix: env.QUEUE_PREFIX,
    postgresUrl: connectionStringOf(env.DIRECT_URL ?? env.DATABASE_URL),
    platforms,
    log,
  });
  return {
    db,
    queues,
    files,
    // Inside the media folder, so that a file is renamed into a local store instead of copied. No key can contain a dot.
    staging: openStaging({ directory: join(env.MEDIA_DIR, '.staging'), disk }),
    findPublisher,
    clock: systemClock,
    log,
    settings: {
      keyring: parseKeyring(env.SEALING_KEYS),
      mediaSigningKey: env.MEDIA_SIGNING_KEY,
      publicUrl: env.PUBLIC_URL,
      contactUrl: env.CONTACT_URL ?? env.PUBLIC_URL,
      ffmpeg: findConverter(env),
      sandboxUrl: env.SANDBOX_URL ?? null,
      apps: parseApps(env),
      apiVersions: parseVersions(env),
      allowPrivateServers: env.ALLOW_PRIVATE_SERVERS,
      rates: parseRates(env.RATE_LIMITS ?? ''),
    },
    platforms,
    async close() {
      await queues.close();
      await db.close();
      files.close();
    },
  };
}

/** @throws ConfigError when FFMPEG_PATH names a program that does not exist. */
function findConverter({ FFMPEG_PATH: named, PATH: searchPath = '' }: ContextEnv): string | null {
  if (named === 'off') return null;
  const found = findFfmpeg(named ?? 'ffmpeg', searchPath);
  if (!found && named !== undefined) {
    throw new ConfigError([`FFMPEG_PATH is "${named}", and there is no such program; off: none`]);
  }
  return found ?? null;
}

function parseApps(env: Record<string, unknown>): Record<string, OAuthClient> {
  const apps: Record<string, OAuthClient> = {};
  for (const variables of appVariables) {
    const [clientId, clientSecret] = [env[variables.clientId], env[variables.clientSecret]];
    if (typeof clientId === 'string' && typeof clientSecret === 'string') {
      apps[variables.id] = { clientId, clientSecret };
    }
  }
  return apps;
}

function parseVersions(env: Record<string, unknown>): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const { id, variable } of versionVariables) {
    const version = env[variable];
    if (typeof version === 'string') versions[id] = version;
  }
  return versions;
}

function openFiles(env: ContextEnv, disk: DiskProcess, timeoutMs: number): FileStore {
  const {
    MEDIA_S3_BUCKET: bucket,
    MEDIA_S3_ENDPOINT: endpoint,
    MEDIA_S3_ACCESS_KEY_ID: accessKeyId,
    MEDIA_S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = env;
  if (bucket && endpoint && accessKeyId && secretAccessKey) {
    const { MEDIA_S3_REGION: region = 'us-east-1', MEDIA_S3_PATH_STYLE: pathStyle = false } = env;
    return openS3Store({
      bucket,
      endpoint,
      region,
      accessKeyId,
      secretAccessKey,
      pathStyle,
      timeoutMs,
      disk,
    });
  }
  return openDiskStore({ directory: env.MEDIA_DIR, disk });
}

function parseRates(text: string): Record<string, Partial<Rates>> {
  const rates: Record<string, Partial<Rates>> = {};
  for (const rate of text.split(',')) {
    const [, platform = '', scope = '', max, perSeconds] = /^([a-z]+)\.(\w+)=(\d+)\/(\d+)$/.exec(rate) ?? [];
    rates[platform] = { ...rates[platform], [scope]: { max: Number(max), perSeconds: Number(perSeconds) } };
  }
  return rates;
}
