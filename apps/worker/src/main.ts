import { armFailPoints } from '@solospark/domain';
import { ConfigError, createLogger } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { startWorker } from './app.ts';
import { loadConfig, type Config } from './config.ts';

// One life of the worker process: read the configuration, publish until told to stop, finish what runs, exit 0.
// PM2 sends SIGINT, everybody else SIGTERM; close-with-grace takes both, and a second signal ends at once.

async function main(config: Config): Promise<void> {
  armFailPoints(config);
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  log.info({ pid: process.pid, node: process.version }, 'worker starting');
  const app = await startWorker(config, log);
  closeWithGrace({ delay: config.SHUTDOWN_TIMEOUT_MS + 4_000, logger: false }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'worker stopping after an unexpected error');
    else log.info({ signal }, 'worker stopping');
    const ended = await app.close();
    log.info({ allEnded: ended }, 'worker stopped');
  });
  process.send?.('ready');
}

try {
  await main(loadConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
