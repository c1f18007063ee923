import { deliveryJobId, type JobRequest } from '@solospark/queue';
import type { Context } from '../context.ts';

/** A delivery that may be claimed now or later. `attempt` is the fencing number that its next claim will carry. */
export interface OpenDelivery {
  id: string;
  postId: string;
  platform: string;
  revision: number;
  attempt: number;
}

/**
 * Adds a job for each delivery's next attempt, on its platform's queue. Best effort: the rows are committed, and what
 * the queue does not take a sweeper finds in them.
 */
export async function enqueueDeliveries(
  ctx: Pick<Context, 'queues' | 'log'>,
  deliveries: (Omit<OpenDelivery, 'postId'> & { runAt?: Date })[],
): Promise<void> {
  if (deliveries.length === 0) return;
  const jobs = deliveries.map(({ id, platform, revision, attempt, runAt }): JobRequest => ({
    job: 'publish-delivery',
    platform,
    id: deliveryJobId({ deliveryId: id, revision, attempt }),
    data: { deliveryId: id, revision, attempt },
    ...(runAt ? { runAt } : {}),
  }));
  try {
    await ctx.queues.add(jobs);
  } catch (error) {
    ctx.log.warn({ err: error, deliveries: deliveries.length }, 'delivery jobs not queued');
  }
}
