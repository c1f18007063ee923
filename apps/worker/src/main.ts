import { ConfigError, createLogger, startWatchdog } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { startWorker } from './app.ts';
import { loadConfig, type Config } from './config.ts';

// The life of a worker process: read the configuration, publish until it gets a signal, finish the running deliveries, exit 0.
// PM2 sends SIGINT, other supervisors SIGTERM; close-with-grace handles both, and a second signal ends the process at once. The
// watchdog ends a process that cannot stop in time, or whose event loop or thread pool is blocked.

/** Longer than every part of stopping may take, and shorter than PM2 waits before it kills. */
const WATCHDOG_MARGIN_MS = 6_000;

/** How long the event loop, or every thread of the pool (for example by a hanging file), may be blocked. */
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
