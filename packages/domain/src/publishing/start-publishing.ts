import { runAgainAt, type Consumer } from '@solospark/queue';
import type { Context } from '../context.ts';
import { claimDeliveries } from '../delivery/delivery.repository.ts';
import { firePost } from './fire-post.ts';
import { removeHeartbeat } from './heartbeat.repository.ts';
import { startReconciler } from './reconciler.ts';
import { trackRunningDeliveries } from './running-deliveries.ts';

export interface PublishingOptions {
  /** Names this process in leases and in the ledger. */
  worker: string;
  platforms: string[];
  /** Deliveries at one time, for each platform. */
  concurrency: number;
}

export interface Publishing {
  /**
   * Takes nothing new, finishes what runs within `timeoutMs`, and hands back what has not been sent by then.
   * True: everything ended in time. What was being sent when time ran out is found by its witness.
   */
  stop(options: { timeoutMs: number }): Promise<boolean>;
}

/** Alarms only move rows; fifty at a time is plenty, and leaves database connections for the deliveries. */
const ALARM_CONCURRENCY = 50;

/**
 * Starts everything that publishes: the consumers of the queue and the reconciler. Returns at once and works as soon
 * as it can reach what it needs, in whatever order database and queue come up.
 */
export async function startPublishing(ctx: Context, options: PublishingOptions): Promise<Publishing> {
  const { worker, platforms, concurrency } = options;
  const running = trackRunningDeliveries(ctx);
  const consumers = await Promise.all([
    ctx.queues.consume({ job: 'post-due' }, { concurrency: ALARM_CONCURRENCY }, async (job) => {
      const again = await firePost(ctx, job.data);
      return again ? runAgainAt(again) : undefined;
    }),
    ctx.queues.consume({ job: 'worker-test' }, { concurrency: 1 }, (job, log) => {
      log.info('test job received');
      return Promise.resolve({
        worker,
        lateMs: Math.max(0, ctx.clock.now().getTime() - job.runAt.getTime()),
      });
    }),
    ...platforms.map((platform) =>
      ctx.queues.consume({ job: 'publish-delivery', platform }, { concurrency }, async (job) => {
        const claims = await claimDeliveries(ctx.db, { by: 'job', ...job.data }, worker);
        // None: already claimed, superseded, or not due by the database's clock; the row knows, and the reconciler.
        await Promise.all(claims.map((claim) => running.run(claim)));
      }),
    ),
  ]);
  const reconciler = startReconciler(ctx, running, { worker, platforms, concurrency });
  ctx.log.info({ worker, platforms, concurrency, queue: ctx.queues.engine }, 'publishing started');

  return {
    async stop({ timeoutMs }) {
      const deadline = ctx.clock.monotonicMs() + timeoutMs;
      const left = () => Math.max(0, deadline - ctx.clock.monotonicMs());
      const stopped = Promise.all(consumers.map((consumer: Consumer) => consumer.stop()));
      await reconciler.stop();
      const ended = await running.drain(left());
      // Everything that ran has ended or was handed back, so this only reports to the queue.
      await Promise.race([
        stopped,
        Promise.all(consumers.map((consumer) => consumer.close({ timeoutMs: Math.min(2_000, left()) }))),
      ]);
      await running.close();
      await removeHeartbeat(ctx.db, worker).catch((error: unknown) =>
        ctx.log.warn({ err: error }, 'heartbeat not removed'),
      );
      ctx.log.info({ allEnded: ended }, 'publishing stopped');
      return ended;
    },
  };
}
