import { readEnv } from '@solospark/foundation';
import { Type, type Static } from 'typebox';

const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'the address to listen on' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 4010, description: '0 for any free port' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
});

export type Config = Static<typeof Environment>;

/** @throws ConfigError naming every bad variable. */
export const readConfig = (): Config => readEnv(Environment, process.env);
