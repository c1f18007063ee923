import { dueInMs, fireDuePost } from './firing.repository.ts';
import { reach } from '../delivery/steps.ts';
import type { Context } from '../context.ts';

/** How soon to ring again for a post whose row somebody else held. */
const HELD_MS = 100;

/**
 * An alarm went off: "post P, revision R is due". Fires it if that is still so. A stale revision does nothing.
 *
 * @returns the platforms that have something to claim now; or when to ring again, if the alarm went off before the
 * database's clock says so.
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
  // Due, and not fired: somebody decides on it at this moment.
  return {
    platforms: [],
    again: new Date(ctx.clock.now().getTime() + (remainingMs > 0 ? remainingMs : HELD_MS)),
  };
}
