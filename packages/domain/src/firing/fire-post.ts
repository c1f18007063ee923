import { dueInMs, fireDuePost } from './firing.repository.ts';
import { reach } from '../delivery/steps.ts';
import type { Context } from '../context.ts';

/** How soon an alarm rings again for a post whose row was locked. */
const LOCKED_RETRY_MS = 100;

/**
 * An alarm rang: "post P, revision R is due". Fires the post if that is still true. A stale revision does nothing.
 *
 * @returns the platforms that have something to claim now; or when to ring again, if the post is not due by the database's
 * clock, or its row was locked.
 */
export async function firePost(
  ctx: Context,
  alarm: { postId: string; revision: number },
): Promise<{ platforms: string[]; again?: Date }> {
  const deliveries = await fireDuePost(ctx.db, alarm);
  reach('after-fire');
  if (deliveries.length > 0) {
    ctx.log.info({ ...alarm, deliveries: deliveries.length }, 'post fired');
    return { platforms: deliveries.map(({ platform }) => platform) };
  }
  const remainingMs = await dueInMs(ctx.db, alarm);
  if (remainingMs === null) {
    ctx.log.info(alarm, 'stale alarm ignored');
    return { platforms: [] };
  }
  // Due, and not fired: its row was locked.
  return {
    platforms: [],
    again: new Date(ctx.clock.now().getTime() + (remainingMs > 0 ? remainingMs : LOCKED_RETRY_MS)),
  };
}
