import { readEnv } from '@solospark/foundation';
import { checkSettings, contextEnv, publishingEnv } from '@solospark/runtime';
import { Type, type Static } from 'typebox';

const schema = Type.Object({
  ...contextEnv,
  ...publishingEnv,
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 3000 }),
  MAX_SOCKETS_PER_CLIENT: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 200,
    description: '0: no limit, behind a proxy',
  }),
  EMBED_WORKER: Type.Boolean({ default: false, description: 'true: this process publishes, too' }),
  WORKER_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }),
  SHUTDOWN_TIMEOUT_MS: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 25_000 }),
});

export type Config = Static<typeof schema>;

const seedSchema = Type.Object({
  ...schema.properties,
  BETTER_AUTH_SECRET: Type.String({ minLength: 32 }),
  DEMO_API_KEY: Type.Optional(Type.String()),
});

/** @throws ConfigError naming every bad variable. */
export function loadConfig(): Config {
  return readEnv(schema, process.env, envFiles(), checkSettings);
}

/** @throws ConfigError naming every bad variable. */
export function loadSeedConfig(): Static<typeof seedSchema> {
  return readEnv(seedSchema, process.env, envFiles(), checkSettings);
}

/** `.env`, then the settings that a running `npm start` wrote for other processes of the same copy. */
function envFiles(): string[] {
  const home = process.env['SOLOSPARK_HOME'] ?? '.solospark';
  return ['.env', `${home}/secrets.env`, `${home}/stack.env`];
}
