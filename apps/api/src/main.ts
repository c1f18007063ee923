import { armFailPoints, openContext, startPublishing, startSweeping, workerName } from '@solospark/domain';
import { ConfigError, createLogger } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { loadConfig, type Config } from './config.ts';

async function main(config: Config): Promise<void> {
  armFailPoints(config);
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
  const ctx = openContext(config, { log, applicationName: 'solospark-api' });
  const app = await buildApp(ctx, { maxSocketsPerClient: config.MAX_SOCKETS_PER_CLIENT });
  const sweeping = startSweeping(ctx);
  const publishing = config.EMBED_WORKER
    ? await startPublishing(ctx, {
        worker: workerName(),
        platforms: ctx.platforms,
        concurrency: config.WORKER_CONCURRENCY,
      })
    : undefined;

  closeWithGrace({ delay: config.SHUTDOWN_TIMEOUT_MS + 5_000, logger: false }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'stopping after an unexpected error');
    else log.info({ signal }, 'stopping');
    // First: a platform that is publishing may still fetch its image from here.
    await publishing?.stop({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS });
    await app.close();
    await sweeping.stop();
    await ctx.close();
    log.info('stopped');
  });
  await app.listen({ host: config.HOST, port: config.PORT });
  process.send?.('ready');
}

try {
  await main(loadConfig());
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
