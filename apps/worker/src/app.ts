import { startPublishing, workerName } from '@solospark/domain';
import type { Logger } from '@solospark/foundation';
import { openContext, refuseUnusable, warnAboutConnections, warnAboutPublicUrl } from '@solospark/runtime';
import type { Config } from './config.ts';

export interface WorkerApp {
  /** True: all running deliveries have ended. False: the time ran out; another worker looks up the ones being sent. */
  close(): Promise<boolean>;
}

/** Starts everything that publishes, until `close`: the worker without its process. */
export async function startWorker(config: Config, log: Logger): Promise<WorkerApp> {
  const worker = workerName();
  const ctx = openContext(config, { log: log.child({ worker }), applicationName: 'solospark-worker' });
  await refuseUnusable(ctx);
  warnAboutPublicUrl(ctx);
  // In the background; it never rejects.
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
