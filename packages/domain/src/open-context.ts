import { connectionStringOf, openDatabase } from '@solospark/db';
import { ConfigError, parseKeyring, systemClock, type Logger } from '@solospark/foundation';
import { findFfmpeg } from '@solospark/media';
import { findPublisher, publishers, type App, type Rates } from '@solospark/publishers';
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
import { Type, type Static } from 'typebox';
import { appVariables, checkSettings, versionVariables } from './check-settings.ts';
import type { Context } from './context.ts';

/** Their names are data, so no type can list them: `parseApps` reads them. */
const appEnv: object = Object.fromEntries(
  appVariables.flatMap(({ name, clientId, clientSecret }) => [
    [clientId, Type.Optional(Type.String({ description: `of the app that is registered at ${name}` }))],
    [clientSecret, Type.Optional(Type.String({ description: `of the app that is registered at ${name}` }))],
  ]),
);

const versionEnv: object = Object.fromEntries(
  versionVariables.map(({ name, variable }) => [
    variable,
    Type.Optional(Type.String({ description: `of the API of ${name}, instead of this build's` })),
  ]),
);

/** The variables that every process with a context needs; a door adds its own beside them. */
export const contextEnv = {
  DATABASE_URL: Type.String({
    pattern: '^postgres(ql)?://',
    description: 'a postgresql:// URL, pooled or not',
  }),
  DIRECT_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'the same database without a transaction pooler',
    }),
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      description: 'a redis:// URL; without it the queue lives in PostgreSQL',
    }),
  ),
  REDIS_CA_FILE: Type.Optional(
    Type.String({ description: 'a file in PEM: the certificate of the CA that has signed the one of Redis' }),
  ),
  QUEUE_PREFIX: Type.String({
    pattern: '^\\S+$',
    default: '{solospark}',
    description: 'of every Redis key; installations that share a Redis need one each',
  }),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 2, maximum: 500, default: 10 }),
  SANDBOX_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  PUBLIC_URL: Type.String({
    pattern: '^https?://[^?#]*[^/?#]$',
    description: 'the address of the API as the platforms reach it, without a trailing slash',
  }),
  CONTACT_URL: Type.Optional(
    Type.String({
      pattern: '^(https?://|mailto:)[!-~]{1,200}$',
      description:
        'an https:// or mailto: address, told to the platforms with every request; PUBLIC_URL, if not set',
    }),
  ),
  SEALING_KEYS: Type.String({
    description: 'id:<32 bytes in base64>, several separated by commas, current first',
  }),
  ...appEnv,
  ...versionEnv,
  ALLOW_PRIVATE_SERVERS: Type.Boolean({
    default: false,
    description: 'true: authors may connect accounts on servers of a private network, and over http',
  }),
  MEDIA_SIGNING_KEY: Type.String({ minLength: 32 }),
  MEDIA_DIR: Type.String({ default: '.solospark/media' }),
  MEDIA_TIMEOUT_MS: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: 600_000,
      description:
        'how long the media store may take for its first word, and for each piece of a file; 10000, if not set',
    }),
  ),
  MEDIA_S3_BUCKET: Type.Optional(
    Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', description: 'the name of a bucket' }),
  ),
  MEDIA_S3_ENDPOINT: Type.Optional(
    Type.String({ pattern: '^https?://[^/?#]+/?$', description: 'the address of a store that speaks S3' }),
  ),
  MEDIA_S3_REGION: Type.Optional(Type.String({ pattern: '^\\S+$', description: 'us-east-1, if not set' })),
  MEDIA_S3_ACCESS_KEY_ID: Type.Optional(Type.String()),
  MEDIA_S3_SECRET_ACCESS_KEY: Type.Optional(Type.String()),
  MEDIA_S3_PATH_STYLE: Type.Optional(
    Type.Boolean({ description: 'true: the bucket is part of the path, and not of the host' }),
  ),
  FFMPEG_PATH: Type.Optional(
    Type.String({
      description:
        'the ffmpeg that converts uploaded videos, a path or a name; off: none; ffmpeg of the PATH, if not set',
    }),
  ),
  PATH: Type.Optional(Type.String()),
  RATE_LIMITS: Type.Optional(
    Type.String({
      pattern: '^[a-z]+\\.(account|platform)=\\d+/\\d+(,[a-z]+\\.(account|platform)=\\d+/\\d+)*$',
      description: 'such as "x.account=100/900,x.platform=10000/86400": posts per seconds',
    }),
  ),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'fatal, error, warn, info, debug, trace or silent',
  }),
};

type ContextEnv = Static<Type.TObject<typeof contextEnv>>;

export interface OpenedContext extends Context {
  /** Closes everything that was opened. Never hangs. */
  close(): Promise<void>;
}

/**
 * Opens database, queue and file store. Connects lazily: what is away now is used when it is back.
 * @throws ConfigError naming every variable that cannot be used, as `checkSettings` finds them.
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
    // Beside the media, so that a file is moved into a local store and not copied; no key has a point in it.
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

/** @throws ConfigError for a program that was named and is not there. */
function findConverter({ FFMPEG_PATH: named, PATH: searchPath = '' }: ContextEnv): string | null {
  if (named === 'off') return null;
  const found = findFfmpeg(named ?? 'ffmpeg', searchPath);
  if (!found && named !== undefined) {
    throw new ConfigError([`FFMPEG_PATH is "${named}", and there is no such program; off: none`]);
  }
  return found ?? null;
}

function parseApps(env: Record<string, unknown>): Record<string, App> {
  const apps: Record<string, App> = {};
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
