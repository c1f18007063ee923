import { KeptAsFailedError, type ConsumedJob } from '@solospark/queue';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { retryPost } from './retry-post.ts';

/**
 * The first run of the job fails on purpose, so that it stays as a failed job. Run again by a person, it tries its delivery
 * again.
 */
export async function takeFailedDelivery(ctx: Context, job: ConsumedJob<'failed-delivery'>): Promise<void> {
  const { organizationId, postId, deliveryId, reason } = job.data;
  if (job.attemptsMade === 0) throw new KeptAsFailedError(reason);
  try {
    await retryPost(ctx, { organizationId, postId, deliveryId });
    ctx.log.info({ postId, deliveryId }, 'delivery tried again from the queue');
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // The job of an invalid post stays failed, with that reason; a job with nothing to try again is removed.
    if (error.code === 'invalid_post') throw new KeptAsFailedError(error.message);
    ctx.log.info({ postId, deliveryId, code: error.code }, 'delivery not tried again from the queue');
  }
}
