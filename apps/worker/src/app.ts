import { startPublishing, workerName } from '@solospark/domain';
import type { Logger } from '@solospark/foundation';
import { openContext, refuseUnusable, warnAboutConnections, warnAboutPublicUrl } from '@solospark/runtime';
import type { Config } from './config.ts';

export interface WorkerApp {
  /** True: everything that ran has ended. False: time ran out; what was being sent is found by its evidence. */
  close(): Promise<boolean>;
}

/** The worker without its process: everything that publishes, until it is closed. */
export async function startWorker(config: Config, log: Logger): Promise<WorkerApp> {
  const worker = workerName();
  const ctx = openContext(config, { log: log.child({ worker }), applicationName: 'solospark-worker' });
  await refuseUnusable(ctx);
  warnAboutPublicUrl(ctx);
  // Nothing waits for it, and it never throws.
  void warnAboutConnections(ctx, { publishes: true });
  const publishing = await startPublishing(ctx, {
    worker,
    platforms: ctx.platforms,
    concurrency: config.WORKER_CONCURRENCY,
    attemptStallMs: config.ATTEMPT_STALL_MS,
  });
  return {
    async close() {
      const ended = await publishing.stop({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS });
      await ctx.close();
      return ended;
    },
  };
}
