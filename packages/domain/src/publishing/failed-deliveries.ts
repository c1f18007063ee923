import { failedDeliveryJobId, KeptAsFailedError, type ConsumedJob } from '@solospark/queue';
import type { Failure } from '@solospark/publishers';
import type { Context } from '../context.ts';
import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { DomainError } from '../errors.ts';
import { retryPost } from '../post/retry-post.ts';

// For whoever looks into the queue: the deliveries that failed last, as failed jobs of a queue of their own. The rows stay
// the truth, so this is best effort.

export async function showFailedDelivery(
  ctx: Pick<Context, 'queues' | 'log'>,
  claim: ClaimedDelivery,
  { kind, reason }: Failure,
): Promise<void> {
  const { id: deliveryId, postId, organizationId, platform, fence } = claim;
  try {
    await ctx.queues.add([
      {
        job: 'failed-delivery',
        id: failedDeliveryJobId({ deliveryId, attempt: fence }),
        data: { organizationId, postId, deliveryId, platform, kind, reason },
      },
    ]);
  } catch (error) {
    ctx.log.warn({ err: error, deliveryId }, 'failed delivery not shown in the queue');
  }
}

/** Run for the first time, the job becomes a failed one; run again by a person, it tries its delivery again. */
export async function takeFailedDelivery(ctx: Context, job: ConsumedJob<'failed-delivery'>): Promise<void> {
  const { organizationId, postId, deliveryId, reason } = job.data;
  if (job.attemptsMade === 0) throw new KeptAsFailedError(reason);
  try {
    await retryPost(ctx, { organizationId, postId, deliveryId });
    ctx.log.info({ postId, deliveryId }, 'delivery tried again from the queue');
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // What cannot be tried again for what it says stays, with that; what needs no trying any more goes.
    if (error.code === 'invalid_post') throw new KeptAsFailedError(error.message);
    ctx.log.info({ postId, deliveryId, code: error.code }, 'delivery not tried again from the queue');
  }
}
