import type { Context } from '../context.ts';
import { dueInMs, fireDuePosts } from '../delivery/delivery.repository.ts';
import { enqueueDeliveries } from './enqueue-deliveries.ts';
import { failPoint } from './fail-points.ts';

/**
 * An alarm went off: "post P, revision R is due". Fires it if that is still so, and hands its deliveries to their
 * platforms' queues. A stale revision does nothing.
 *
 * @returns when to ring again, if the alarm went off before the database's clock says so; otherwise undefined.
 */
export async function firePost(
  ctx: Context,
  alarm: { postId: string; revision: number },
): Promise<Date | undefined> {
  const deliveries = await fireDuePosts(ctx.db, [alarm]);
  failPoint('after-fire');
  if (deliveries.length > 0) {
    ctx.log.info({ ...alarm, deliveries: deliveries.length }, 'post fired');
    await enqueueDeliveries(ctx, deliveries);
    return undefined;
  }
  const remainingMs = await dueInMs(ctx.db, alarm);
  if (remainingMs === null) {
    ctx.log.info(alarm, 'stale alarm ignored');
    return undefined;
  }
  // Never in the past: were it due by now, the statement above would have fired it.
  return new Date(ctx.clock.now().getTime() + Math.max(remainingMs, 10));
}
