import { startPublishing, startSweeping, workerName } from '@solospark/domain';
import { ConfigError, createLogger, explainListenError, startWatchdog } from '@solospark/foundation';
import { openContext, refuseUnusable, warnAboutConnections, warnAboutPublicUrl } from '@solospark/runtime';
import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { loadConfig, type Config } from './config.ts';

/** The watchdog ends an API whose event loop is blocked for so long; its supervisor restarts it. */
const LOOP_STALL_MS = 60_000;

async function main(config: Config): Promise<void> {
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
  const watchdog = startWatchdog({ name: 'api', loopStallMs: LOOP_STALL_MS });
  const ctx = openContext(config, { log, applicationName: 'solospark-api' });
  if (config.EMBED_WORKER) warnAboutPublicUrl(ctx);
  // In the background; it never rejects.
  void warnAboutConnections(ctx, { publishes: config.EMBED_WORKER });
  await refuseUnusable(ctx);
  const app = await buildApp(ctx, { maxSocketsPerClient: config.MAX_SOCKETS_PER_CLIENT });
  const sweeping = startSweeping(ctx);
  const publishing = config.EMBED_WORKER
    ? await startPublishing(ctx, {
        worker: workerName(),
        platforms: ctx.platforms,
        concurrency: config.WORKER_CONCURRENCY,
        attemptStallMs: config.ATTEMPT_STALL_MS,
      })
    : undefined;

  closeWithGrace({ delay: config.SHUTDOWN_TIMEOUT_MS + 5_000, logger: false }, async ({ err, signal }) => {
    watchdog.endWithin(config.SHUTDOWN_TIMEOUT_MS + 6_000);
    if (err) log.fatal({ err }, 'stopping after an unexpected error');
    else log.info({ signal }, 'stopping');
    // The workers stop first: a platform may still fetch the image of a post in progress from this server.
    await publishing?.stop({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS });
    await app.close();
    await sweeping.stop();
    await ctx.close();
    log.info('stopped');
  });
  await app.listen({ host: config.HOST, port: config.PORT }).catch((error: unknown) => {
    throw explainListenError(error, { host: config.HOST, port: config.PORT });
  });
  process.send?.('ready');
}

try {
  await main(loadConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
