import { sleep } from '@solospark/foundation';
import type { Context } from '../context.ts';
import {
  claimDeliveries,
  findBackloggedPlatforms,
  findOverduePosts,
  fireDuePosts,
  settlePosts,
} from '../delivery/delivery.repository.ts';
import { postDueAlarm } from '../post/move-alarm.ts';
import { confirmAlarms, findPendingAlarms } from '../post/post.repository.ts';
import { recordHeartbeat } from './heartbeat.repository.ts';
import type { RunningDeliveries } from './running-deliveries.ts';

// The queue is the alarm clock, and alarm clocks fail. Once a second every worker looks at the rows themselves: it
// fires posts whose alarm did not ring, publishes deliveries whose job did not come, takes over what a dead worker
// held, and sets alarms that are missing. Setting alarms waits for the queue; publishing never does, so the two are
// loops of their own. Several workers share the work: each claims with SKIP LOCKED, and every claim is fenced.

export const RECONCILE_INTERVAL_MS = 1_000;

/** How long an alarm may be late before the reconciler does its work. */
const GRACE_MS = 2_000;

const FIRE_BATCH = 200;
const ALARM_BATCH = 500;
const HEARTBEAT_MS = 5_000;

export interface Reconciler {
  /** Starts nothing new from now on; resolves when its loops have ended. What it claimed goes on running. */
  stop(): Promise<void>;
}

export function startReconciler(
  ctx: Context,
  running: RunningDeliveries,
  options: { worker: string; platforms: string[]; concurrency: number },
): Reconciler {
  const stopping = new AbortController();
  const draining = new Set<string>();
  /** What was claimed here and not from the queue: bounded for each platform, so that one that hangs stays alone. */
  const direct = new Map(options.platforms.map((platform) => [platform, new Set<Promise<void>>()]));
  /** While the queue is known to be away there is nothing to wait for: what is due is published at once. */
  let queueReachable = true;

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
      if (posts.length > 0) {
        const fired = await fireDuePosts(ctx.db, posts);
        ctx.log.warn(
          { posts: posts.length, deliveries: fired.length },
          'overdue posts fired without their alarm',
        );
      }
      for (const platform of await findBackloggedPlatforms(ctx.db, overdueMs)) {
        // A platform that only a newer worker knows is left to that one.
        if (options.platforms.includes(platform)) drain(platform, overdueMs);
      }
      full = posts.length === FIRE_BATCH;
    }
    await settlePosts(ctx.db, null);
  }

  /** Not awaited by the loop: a platform that hangs holds up only itself. */
  function drain(platform: string, overdueMs: number): void {
    if (draining.has(platform)) return;
    draining.add(platform);
    void drainPlatform(platform, overdueMs)
      .catch((error: unknown) => ctx.log.error({ err: error, platform }, 'overdue deliveries not claimed'))
      .finally(() => draining.delete(platform));
  }

  async function drainPlatform(platform: string, overdueMs: number): Promise<void> {
    const mine = direct.get(platform) ?? new Set();
    direct.set(platform, mine);
    while (!stopping.signal.aborted) {
      const free = options.concurrency - mine.size;
      if (free === 0) {
        await Promise.race(mine);
        continue;
      }
      // What runs here has not been abandoned, even if its lease could not be renewed while the database was away.
      const selection = {
        by: 'reconciler',
        platform,
        overdueMs,
        limit: free,
        except: running.ids(),
      } as const;
      const runs = await running.take(() => claimDeliveries(ctx.db, selection, options.worker));
      for (const run of runs) {
        const ended: Promise<void> = run.finally(() => mine.delete(ended));
        mine.add(ended);
      }
      if (runs.length < free) return;
    }
  }

  async function setMissingAlarms(): Promise<void> {
    queueReachable = await ctx.queues.isReachable();
    if (!queueReachable) return;
    for (;;) {
      const posts = await findPendingAlarms(ctx.db, ALARM_BATCH);
      if (posts.length === 0) return;
      await ctx.queues.add(posts.map(postDueAlarm));
      await confirmAlarms(ctx.db, posts);
      ctx.log.info({ alarms: posts.length }, 'missing alarms set');
      if (posts.length < ALARM_BATCH || stopping.signal.aborted) return;
    }
  }

  const loops = Promise.all([
    forEver('overdue', RECONCILE_INTERVAL_MS, publishOverdue),
    forEver('alarms', RECONCILE_INTERVAL_MS, setMissingAlarms),
    forEver('heartbeat', HEARTBEAT_MS, () => recordHeartbeat(ctx.db, options.worker)),
  ]);
  return {
    async stop() {
      stopping.abort();
      await loops;
    },
  };
}
