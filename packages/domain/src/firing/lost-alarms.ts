import type { Context } from '../context.ts';
import { confirmAlarms } from '../post/alarm.repository.ts';
import { postDueAlarm } from '../post/move-alarm.ts';
import {
  claimRestoring,
  endRestoring,
  findKnownMark,
  findLostAlarms,
  noteLostAlarms,
  rememberMark,
  type ScheduledPost,
} from '../post/queue-mark.repository.ts';

// A queue that was emptied, restored, failed over or replaced has lost alarms that are set according to our rows. The queue's
// mark shows that. One worker at a time then sets all alarms again, the most urgent first; an alarm that still exists is left
// alone, because it has the same id.

const BATCH = 500;

/** In each round: new posts get their alarms in between. */
const BATCHES_PER_ROUND = 10;

export interface LostAlarms {
  /** Compares the queue's mark with the one that we remember. */
  look(): Promise<void>;
  /** Sets some of the lost alarms again, if there are any and no other worker does it. */
  restore(signal: AbortSignal): Promise<void>;
}

export function watchForLostAlarms(ctx: Pick<Context, 'db' | 'queues' | 'log'>, worker: string): LostAlarms {
  /** How far this worker has come with the alarms that were lost at `lostAt`. */
  let progress: { lostAt: Date; after: ScheduledPost | undefined; alarms: number } | undefined;

  return {
    async look() {
      // Read before the queue's mark, whose beat is then always the greater one, even if another worker looks meanwhile.
      const known = await findKnownMark(ctx.db);
      const found = await ctx.queues.readMark();
      const isSame = known?.epoch === found.epoch;
      const hasGoneBack = isSame && found.beat > 0 && found.beat <= known.beat;
      if (isSame && !hasGoneBack) {
        if (found.beat > 0) await rememberMark(ctx.db, found);
      } else if ((await noteLostAlarms(ctx.db, { known, found })) && known) {
        const reason = hasGoneBack ? 'the queue has gone back in time' : 'the queue is empty or another one';
        ctx.log.warn({ reason }, 'alarms lost, setting all of them anew');
      }
    },
    async restore(signal) {
      for (let batch = 0; batch < BATCHES_PER_ROUND && !signal.aborted; batch += 1) {
        const lostAt = await claimRestoring(ctx.db, worker);
        if (!lostAt) return;
        if (progress?.lostAt.getTime() !== lostAt.getTime())
          progress = { lostAt, after: undefined, alarms: 0 };
        const posts = await findLostAlarms(ctx.db, { lostAt, after: progress.after, limit: BATCH });
        if (posts.length > 0) {
          await ctx.queues.add(posts.map(postDueAlarm));
          await confirmAlarms(ctx.db, posts);
          progress = { lostAt, after: posts.at(-1), alarms: progress.alarms + posts.length };
        }
        if (posts.length === BATCH) continue;
        await endRestoring(ctx.db, lostAt);
        if (progress.alarms > 0) ctx.log.info({ alarms: progress.alarms }, 'lost alarms set anew');
        return;
      }
    },
  };
}
