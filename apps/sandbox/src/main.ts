import { ConfigError, createLogger, explainListenError } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { buildSandbox } from './app.ts';
import { readConfig, type Config } from './config.ts';

async function main(config: Config): Promise<void> {
  const log = createLogger({ name: 'sandbox', level: config.LOG_LEVEL });
  const app = buildSandbox({ log });

  closeWithGrace({ logger: false }, async ({ signal, err }) => {
    if (err) log.error({ err }, 'sandbox stops after an error');
    else log.info({ signal }, 'sandbox stops');
    await app.close();
  });

  await app.listen({ host: config.HOST, port: config.PORT }).catch((error: unknown) => {
    throw explainListenError(error, { host: config.HOST, port: config.PORT });
  });
  // Tells a process manager, or the start script, that the sandbox is ready.
  process.send?.('ready');
}

try {
  await main(readConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
