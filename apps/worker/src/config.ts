import { readEnv } from '@solospark/foundation';
import { checkSettings, contextEnv, publishingEnv } from '@solospark/runtime';
import { Type, type Static } from 'typebox';

const schema = Type.Object({
  ...contextEnv,
  ...publishingEnv,
  WORKER_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 50,
    description: 'concurrent deliveries per platform',
  }),
  SHUTDOWN_TIMEOUT_MS: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 25_000 }),
});

export type Config = Static<typeof schema>;

/**
 * Reads `.env`, and the settings that a running `npm start` wrote for other processes of the same copy. Environment variables
 * win over both.
 * @throws ConfigError naming every bad variable.
 */
export function loadConfig(): Config {
  const home = process.env['SOLOSPARK_HOME'] ?? '.solospark';
  return readEnv(schema, process.env, ['.env', `${home}/secrets.env`, `${home}/stack.env`], checkSettings);
}
