import { failedDeliveryJobId } from '@solospark/queue';
import type { Failure } from '@solospark/publishers';
import type { Context } from '../context.ts';
import type { ClaimedDelivery } from './delivery.ts';

/**
 * For whoever looks into the queue: the deliveries that failed last, as failed jobs of a queue of their own. The rows stay
 * the truth, so this is best effort.
 */
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
