import { ConfigError, createLogger, startWatchdog } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { startWorker } from './app.ts';
import { loadConfig, type Config } from './config.ts';

// One life of the worker process: read the configuration, publish until told to stop, finish what runs, exit 0.
// PM2 sends SIGINT, everybody else SIGTERM; close-with-grace takes both, and a second signal ends at once. What hinders the
// process from ending, or from working at all, the watchdog ends.

/** Longer than any part of stopping may take, and shorter than PM2 waits. */
const WATCHDOG_MARGIN_MS = 6_000;

/** So long without the event loop, or with every thread held by a file that does not come, a worker is no worker any more. */
const STALL_MS = 60_000;

async function main(config: Config): Promise<void> {
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  log.info({ pid: process.pid, node: process.version }, 'worker starting');
  const watchdog = startWatchdog({ name: 'worker', loopStallMs: STALL_MS, poolStallMs: STALL_MS });
  const app = await startWorker(config, log);
  closeWithGrace({ delay: config.SHUTDOWN_TIMEOUT_MS + 4_000, logger: false }, async ({ err, signal }) => {
    watchdog.endWithin(config.SHUTDOWN_TIMEOUT_MS + WATCHDOG_MARGIN_MS);
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
