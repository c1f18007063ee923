import { postDueJobId, type JobRequest } from '@solospark/queue';
import type { Context } from '../context.ts';
import { confirmAlarm } from './alarm.repository.ts';

/**
 * Updates the queue after a change of the row was committed: sets the new alarm and removes the old one. Best effort, within
 * the queue's own deadline (half a second): the row is the truth, an old alarm does nothing because its revision is stale,
 * and a sweeper sets missing alarms.
 * @returns when the new alarm was set; null while it is pending, or when there is none to set.
 */
export async function moveAlarm(
  ctx: Pick<Context, 'db' | 'queues' | 'clock' | 'log'>,
  move: { postId: string; from: string | null; to: { revision: number; scheduledAt: Date } | null },
): Promise<Date | null> {
  const { postId, from, to } = move;
  try {
    if (to) {
      await ctx.queues.reschedule(
        from === null ? null : { job: 'post-due', id: from },
        postDueAlarm({ postId, ...to }),
      );
      await confirmAlarm(ctx.db, { postId, revision: to.revision });
      return ctx.clock.now();
    } else if (from !== null) {
      await ctx.queues.remove({ job: 'post-due', id: from });
    }
  } catch (error) {
    ctx.log.warn({ err: error, postId, revision: to?.revision }, 'alarm pending');
  }
  return null;
}

export function postDueAlarm(post: { postId: string; revision: number; scheduledAt: Date }): JobRequest {
  const { postId, revision, scheduledAt } = post;
  return {
    job: 'post-due',
    id: postDueJobId({ postId, revision }),
    data: { postId, revision },
    runAt: scheduledAt,
  };
}
