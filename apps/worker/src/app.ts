import { openContext, startPublishing } from '@solospark/domain';
import type { Logger } from '@solospark/foundation';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from './config.ts';

export interface WorkerApp {
  /** True: everything that ran has ended. False: time ran out; what was being sent is found by its witness. */
  close(): Promise<boolean>;
}

/** The worker without its process: everything that publishes, until it is closed. */
export async function startWorker(config: Config, log: Logger): Promise<WorkerApp> {
  // The random part keeps two lives of one pid apart in the ledger.
  const worker = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const ctx = openContext(config, { log: log.child({ worker }), applicationName: 'solospark-worker' });
  const publishing = await startPublishing(ctx, {
    worker,
    platforms: ctx.platforms,
    concurrency: config.WORKER_CONCURRENCY,
  });
  return {
    async close() {
      const ended = await publishing.stop({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS });
      await ctx.close();
      return ended;
    },
  };
}
