import { withDeadline } from '@solospark/foundation';
import { runAgainAt, type Consumer } from '@solospark/queue';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Context } from '../context.ts';
import { claimDeliveries, renewLeases } from '../delivery/claim.repository.ts';
import { publishDelivery } from '../delivery/publish-delivery.ts';
import { firePost } from '../firing/fire-post.ts';
import { takeFailedDelivery } from '../firing/take-failed-delivery.ts';
import { removeHeartbeat } from './heartbeat.repository.ts';
import { startLoops } from './loops.ts';
import { sweepers } from './sweepers.ts';
import { openWorkerPool } from './worker-pool.ts';

export interface PublishingOptions {
  /** Names this process in leases and in the ledger. */
  worker: string;
  platforms: string[];
  /** Limits concurrent deliveries per platform. */
  concurrency: number;
  /** How many milliseconds an attempt may go on without a step forward. Default: two minutes. */
  attemptStallMs?: number;
}

export interface Publishing {
  /**
   * Claims nothing new, finishes running deliveries within `timeoutMs`, and hands back what is unsent by then. True:
   * everything ended in time. A delivery that was being sent when the time ran out is looked up by its evidence.
   */
  stop(options: { timeoutMs: number }): Promise<boolean>;
}

/** Time limit for removing the heartbeat at the end. A heartbeat that stays grows old by itself. */
const HEARTBEAT_REMOVAL_MS = 1_000;

/** Alarms only update rows, and alarms that ring together share a statement: more at a time means fewer statements. */
const ALARM_CONCURRENCY = 200;

/** A wake job only wakes the pool. */
const WAKE_CONCURRENCY = 20;

/** Names this process in the ledger. The random part tells two processes with the same pid apart. */
export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}

/**
 * Starts everything that publishes: the consumers of the queue and the sweepers. Returns at once. The work begins as soon as
 * the database and the queue can be reached, whichever comes first.
 */
export async function startPublishing(ctx: Context, options: PublishingOptions): Promise<Publishing> {
  const { worker, platforms, concurrency } = options;
  const pool = openWorkerPool({
    platforms: platforms.map((id) => ({ id, manyServers: ctx.findPublisher(id)?.anyServer ?? false })),
    concurrency,
    ...(options.attemptStallMs !== undefined && { stallMs: options.attemptStallMs }),
    claim: (request) => claimDeliveries(ctx.db, request, worker),
    publish: (claim, control) => publishDelivery(ctx, claim, control),
    renew: (claims) => renewLeases(ctx.db, claims),
    clock: ctx.clock,
    log: ctx.log,
  });
  const consumers = await Promise.all([
    ctx.queues.consume({ job: 'post-due' }, { concurrency: ALARM_CONCURRENCY }, async (job) => {
      const fired = await firePost(ctx, job.data);
      for (const platform of fired.platforms) pool.wake(platform, 'job');
      return fired.again ? runAgainAt(fired.again) : undefined;
    }),
    ...platforms.map((platform) =>
      ctx.queues.consume({ job: 'wake-workers', platform }, { concurrency: WAKE_CONCURRENCY }, () => {
        pool.wake(platform, 'job');
        return Promise.resolve();
      }),
    ),
    ctx.queues.consume({ job: 'failed-delivery' }, { concurrency: 1 }, (job) => takeFailedDelivery(ctx, job)),
    ctx.queues.consume({ job: 'worker-test' }, { concurrency: 1 }, (job, log) => {
      log.info('test job received');
      const lateMs = Math.max(0, ctx.clock.now().getTime() - job.runAt.getTime());
      return Promise.resolve({ worker, lateMs });
    }),
  ]);
  const sweeping = startLoops(ctx, sweepers(ctx, platforms, pool, worker));
  // An error while stopping must not keep the process from ending.
  const logAndContinue = (error: unknown) => ctx.log.warn({ err: error }, 'publishing not stopped in order');
  ctx.log.info({ worker, platforms, concurrency, queue: ctx.queues.engine }, 'publishing started');

  return {
    async stop({ timeoutMs }) {
      const deadline = ctx.clock.monotonicMs() + timeoutMs;
      const left = () => Math.max(0, deadline - ctx.clock.monotonicMs());
      // In parallel, each within the time: a database or a queue that hangs must not delay the others.
      const [ended] = await Promise.all([
        pool.drain(left()),
        ...consumers.map((consumer: Consumer) => consumer.close({ timeoutMs: left() })),
        withDeadline(sweeping.stop(), left(), 'stopping the sweepers').catch(logAndContinue),
      ]);
      await pool.close();
      await withDeadline(
        removeHeartbeat(ctx.db, worker),
        HEARTBEAT_REMOVAL_MS,
        'removing the heartbeat',
      ).catch(logAndContinue);
      ctx.log.info({ allEnded: ended }, 'publishing stopped');
      return ended;
    },
  };
}
