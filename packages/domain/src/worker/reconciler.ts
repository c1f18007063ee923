import { sleep } from '@solospark/foundation';
import { readDueLimits } from '../channel/read-limits.ts';
import { refreshDueCredentials } from '../channel/refresh-due-credentials.ts';
import type { StoreState } from '@solospark/storage';
import type { Context } from '../context.ts';
import { freeStuckDeliveries } from '../delivery/stuck.repository.ts';
import { findBackloggedPlatforms } from '../delivery/claim.repository.ts';
import type { OpenDelivery } from '../delivery/enqueue-deliveries.ts';
import { settlePosts } from '../delivery/settle-posts.repository.ts';
import { findOverduePosts, fireDuePosts } from '../firing/firing.repository.ts';
import { postDueAlarm } from '../post/move-alarm.ts';
import { confirmAlarms, findPendingAlarms } from '../post/post.repository.ts';
import { recordHeartbeat } from './heartbeat.repository.ts';
import type { Lane } from './lane.ts';
import { watchForLostAlarms } from '../firing/lost-alarms.ts';

// The queue is the alarm clock, and alarm clocks fail. Once a second every worker looks at the rows themselves: it
// fires posts whose alarm did not ring, wakes the lanes of platforms that have something to claim (also what a dead worker
// held), and sets alarms that are missing or that the queue has lost. More rarely it renews credentials before they end, and
// asks servers that differ what they take. Setting alarms waits for the queue; publishing never does, so the two are
// loops of their own. Several workers share the work: each claims with SKIP LOCKED, and every claim is fenced.

export const RECONCILE_INTERVAL_MS = 1_000;

/** How long an alarm may be late before the reconciler does its work. */
const GRACE_MS = 2_000;

const FIRE_BATCH = 200;
const ALARM_BATCH = 500;
const HEARTBEAT_MS = 5_000;
const CREDENTIALS_MS = 30_000;
const LIMITS_MS = 60_000;
const STUCK_MS = 60_000;

export interface Reconciler {
  /** Starts nothing new from now on; resolves when its loops have ended. What it claimed goes on running. */
  stop(): Promise<void>;
}

export function startReconciler(ctx: Context, lanes: ReadonlyMap<string, Lane>, worker: string): Reconciler {
  const stopping = new AbortController();
  /** While the queue is known to be away there is nothing to wait for: what is due is published at once. */
  let queueReachable = true;
  const lostAlarms = watchForLostAlarms(ctx, worker);
  let store: StoreState = 'up';

  async function forEver(name: string, everyMs: number, step: () => Promise<unknown>): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      try {
        await step();
        if (failing) ctx.log.info({ loop: name }, 'reconciler recovered');
        failing = false;
      } catch (error) {
        if (!failing) ctx.log.error({ err: error, loop: name }, 'reconciler cannot work, keeps trying');
        failing = true;
      }
      await sleep(everyMs, stopping.signal);
    }
  }

  async function publishOverdue(): Promise<void> {
    const overdueMs = queueReachable ? GRACE_MS : 0;
    for (let full = true; full && !stopping.signal.aborted;) {
      const posts = await findOverduePosts(ctx.db, { graceMs: overdueMs, limit: FIRE_BATCH });
      let fired: OpenDelivery[] = [];
      if (posts.length > 0) {
        fired = await fireDuePosts(ctx.db, posts);
        ctx.log.warn(
          { posts: posts.length, deliveries: fired.length },
          'overdue posts fired without their alarm',
        );
      }
      // A platform that only a newer worker knows is left to that one.
      for (const platform of await findBackloggedPlatforms(ctx.db)) lanes.get(platform)?.wake('reconciler');
      // What fired nothing is held by others, and would be found again and again.
      full = posts.length === FIRE_BATCH && fired.length > 0;
    }
    await settlePosts(ctx.db, null);
  }

  async function setAlarms(): Promise<void> {
    queueReachable = await ctx.queues.isReachable();
    if (!queueReachable) return;
    await lostAlarms.look();
    await setMissingAlarms();
    await lostAlarms.restore(stopping.signal);
  }

  async function setMissingAlarms(): Promise<void> {
    for (;;) {
      const posts = await findPendingAlarms(ctx.db, ALARM_BATCH);
      if (posts.length === 0) return;
      await ctx.queues.add(posts.map(postDueAlarm));
      await confirmAlarms(ctx.db, posts);
      ctx.log.info({ alarms: posts.length }, 'missing alarms set');
      if (posts.length < ALARM_BATCH || stopping.signal.aborted) return;
    }
  }

  async function freeStuck(): Promise<void> {
    const freed = await freeStuckDeliveries(ctx.db);
    if (freed.length > 0)
      ctx.log.error({ deliveries: freed }, 'deliveries freed that would never have been looked at');
  }

  /** Says with each beat how the store looks from here. Asking it has a deadline far below the next beat. */
  async function beat(): Promise<void> {
    const state = await ctx.files.state();
    if (state !== store) {
      const level = state === 'up' ? 'info' : 'error';
      ctx.log[level]({ store: state }, 'the media store looks different from here');
    }
    store = state;
    await recordHeartbeat(ctx.db, worker, state);
  }

  const loops = Promise.all([
    forEver('overdue', RECONCILE_INTERVAL_MS, publishOverdue),
    forEver('alarms', RECONCILE_INTERVAL_MS, setAlarms),
    forEver('heartbeat', HEARTBEAT_MS, beat),
    forEver('stuck', STUCK_MS, freeStuck),
    forEver('credentials', CREDENTIALS_MS, () => refreshDueCredentials(ctx, [...lanes.keys()])),
    forEver('limits', LIMITS_MS, () => readDueLimits(ctx, [...lanes.keys()])),
  ]);
  return {
    async stop() {
      stopping.abort();
      await loops;
    },
  };
}
