import type { StoreState } from '@solospark/storage';
import { readDueLimits } from '../channel/read-limits.ts';
import { refreshDueCredentials } from '../channel/refresh-due-credentials.ts';
import type { Context } from '../context.ts';
import { findBackloggedPlatforms } from '../delivery/claim.repository.ts';
import { settlePosts } from '../delivery/settle-posts.repository.ts';
import { freeStuckDeliveries } from '../delivery/stuck.repository.ts';
import { findOverduePosts, fireDuePosts } from '../firing/firing.repository.ts';
import { watchForLostAlarms } from '../firing/lost-alarms.ts';
import { confirmAlarms, findPendingAlarms } from '../post/alarm.repository.ts';
import { postDueAlarm } from '../post/move-alarm.ts';
import { recordHeartbeat } from './heartbeat.repository.ts';
import type { Loop } from './loops.ts';
import { warnOfEndingVersions } from './warn-of-ending-versions.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How late an alarm may be before a sweeper fires its post. */
const GRACE_MS = 2_000;

const FIRE_BATCH = 200;
const ALARM_BATCH = 500;

/**
 * The queue is the alarm clock, and alarms can be lost. So every worker looks at the rows themselves once a second: it fires
 * posts whose alarm did not ring, wakes the pool for platforms that have something to claim (including deliveries whose lease
 * has expired), and sets alarms that are missing or that the queue has lost. Less often it renews credentials before they
 * expire, reads the limits of servers that differ, and frees stuck deliveries. Setting alarms waits for the queue and
 * publishing must not, so each has a loop of its own. Several workers share the work: rows are taken with SKIP LOCKED, and
 * every claim is fenced.
 */
export function sweepers(
  ctx: Context,
  platforms: string[],
  pool: Pick<WorkerPool, 'wake'>,
  worker: string,
): Loop[] {
  /** While the queue is known to be away there is no grace: due posts are fired at once. */
  let queueReachable = true;
  const lostAlarms = watchForLostAlarms(ctx, worker);
  let store: StoreState = 'up';

  async function publishOverdue(signal: AbortSignal): Promise<void> {
    const graceMs = queueReachable ? GRACE_MS : 0;
    for (let isFull = true; isFull && !signal.aborted;) {
      const posts = await findOverduePosts(ctx.db, { graceMs, limit: FIRE_BATCH });
      const fired = posts.length > 0 ? await fireDuePosts(ctx.db, posts) : [];
      if (posts.length > 0) {
        const facts = { posts: posts.length, deliveries: fired.length };
        ctx.log.warn(facts, 'overdue posts fired without their alarm');
      }
      // The pool ignores a platform that only a newer worker knows.
      for (const platform of await findBackloggedPlatforms(ctx.db)) pool.wake(platform, 'reconciler');
      // Posts that did not fire are locked by others, and would be found again and again.
      isFull = posts.length === FIRE_BATCH && fired.length > 0;
    }
    await settlePosts(ctx.db, null);
  }

  async function setAlarms(signal: AbortSignal): Promise<void> {
    queueReachable = await ctx.queues.isReachable();
    if (!queueReachable) return;
    await lostAlarms.look();
    await setMissingAlarms(ctx, signal);
    await lostAlarms.restore(signal);
  }

  /**
   * Records a heartbeat, and how the store looks from this worker. Asking the store has a time limit far below the interval.
   */
  async function beat(): Promise<void> {
    const state = await ctx.files.state();
    if (state !== store) {
      const level = state === 'up' ? 'info' : 'error';
      ctx.log[level]({ store: state }, 'the media store looks different from here');
    }
    store = state;
    await recordHeartbeat(ctx.db, worker, state);
  }

  return [
    { name: 'overdue', everyMs: 1_000, run: publishOverdue },
    { name: 'alarms', everyMs: 1_000, run: setAlarms },
    { name: 'heartbeat', everyMs: 5_000, run: beat },
    { name: 'credentials', everyMs: 30_000, run: () => refreshDueCredentials(ctx, platforms) },
    { name: 'limits', everyMs: 60_000, run: () => readDueLimits(ctx, platforms) },
    { name: 'stuck', everyMs: 60_000, run: () => freeStuck(ctx) },
    { name: 'versions', everyMs: DAY_MS, run: async () => warnOfEndingVersions(ctx, platforms) },
  ];
}

const DAY_MS = 24 * 60 * 60 * 1000;

async function setMissingAlarms(ctx: Context, signal: AbortSignal): Promise<void> {
  for (;;) {
    const posts = await findPendingAlarms(ctx.db, ALARM_BATCH);
    if (posts.length === 0) return;
    await ctx.queues.add(posts.map(postDueAlarm));
    await confirmAlarms(ctx.db, posts);
    ctx.log.info({ alarms: posts.length }, 'missing alarms set');
    if (posts.length < ALARM_BATCH || signal.aborted) return;
  }
}

async function freeStuck(ctx: Context): Promise<void> {
  const freed = await freeStuckDeliveries(ctx.db);
  if (freed.length > 0)
    ctx.log.error({ deliveries: freed }, 'deliveries freed that would never have been looked at');
}
