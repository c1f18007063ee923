import { STALL_MS } from '@solospark/domain';
import { Type, type Static } from 'typebox';
import { appVariables, versionVariables } from './check-settings.ts';

/** The names are computed, so `ContextEnv` does not have them: `parseApps` reads them by name. */
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

/** The variables that every process with a context needs; each door adds its own. */
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

export type ContextEnv = Static<Type.TObject<typeof contextEnv>>;

/** The variables of every process that publishes. */
export const publishingEnv = {
  ATTEMPT_STALL_MS: Type.Integer({
    minimum: 1_000,
    maximum: 3_600_000,
    default: STALL_MS,
    description: 'how long an attempt to publish may go on without a step forward before it is handed on',
  }),
};
