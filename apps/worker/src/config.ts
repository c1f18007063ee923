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
    description: 'deliveries at one time, for each platform',
  }),
  SHUTDOWN_TIMEOUT_MS: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 25_000 }),
});

export type Config = Static<typeof schema>;

/**
 * `.env`, then what a running `npm start` has written down for whoever joins it; the environment wins over both.
 * @throws ConfigError naming every bad variable.
 */
export function loadConfig(): Config {
  const home = process.env['SOLOSPARK_HOME'] ?? '.solospark';
  return readEnv(schema, process.env, ['.env', `${home}/secrets.env`, `${home}/stack.env`], checkSettings);
}
