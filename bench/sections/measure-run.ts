import { setTimeout as delay } from 'node:timers/promises';
import type { Contestant } from '../contestants/contestant.ts';
import { duePosts } from '../contestants/due-posts.ts';
import { latenessOf, type Lateness } from '../measures/lateness.ts';
import { memoryOf, type Memory } from '../measures/memory.ts';
import type { Field } from './contestants.ts';
import type { Bench } from './section.ts';

// One measurement with a new worker process. The worker first publishes some posts as a warm-up, which do not count.

const WARM_UP_POSTS = 300;
/** The alarms have to be set this long before the first post is due; otherwise the measurement is repeated. */
const SPARE_MS = 300;

export type RunResult = Lateness & { contestant: string; posts: number; run: number; memory: Memory };

/** @param offsetsMs when each post is due, from the first one on */
export async function measureRun(
  bench: Bench,
  field: Field,
  contestant: Contestant,
  offsetsMs: number[],
): Promise<Lateness & { memory: Memory }> {
  for (const patience of [1, 3, 9]) {
    await bench.servers.redis.flush();
    const worker = await contestant.start();
    try {
      const warmUp = Array.from({ length: WARM_UP_POSTS }, () => 0);
      const warm = await publish(bench, field, contestant, warmUp, { total: WARM_UP_POSTS, patience });
      await bench.servers.settle();
      const total = WARM_UP_POSTS + offsetsMs.length;
      const lateness = warm && (await publish(bench, field, contestant, offsetsMs, { total, patience }));
      if (lateness) return { ...lateness, memory: memoryOf(worker.pid) };
    } finally {
      await contestant.stop();
    }
    bench.progress(`${contestant.name} had not set all alarms in time; once more, with more time for that`);
  }
  throw new Error(`${contestant.name} does not set ${offsetsMs.length} alarms in time`);
}

/**
 * Schedules posts, and waits until each has arrived and is published by the contestant's rows. `total` is how many posts the
 * contestant will have published by then; `patience` multiplies the time for setting the alarms. Undefined: that time was too short.
 */
export async function publish(
  bench: Bench,
  { platform }: Field,
  contestant: Contestant,
  offsetsMs: number[],
  { total, patience }: { total: number; patience: number },
): Promise<Lateness | undefined> {
  const { signal } = bench;
  await platform.forget();
  const firstDue = Date.now() + patience * leadMs(offsetsMs.length);
  const posts = duePosts(offsetsMs.map((offsetMs) => firstDue + offsetMs));
  await contestant.schedule(posts);
  if (firstDue - Date.now() < SPARE_MS) return undefined;
  const lastDue = firstDue + (offsetsMs.at(-1) ?? 0);
  await delay(lastDue - Date.now(), undefined, { signal });
  const untilMs = lastDue + 15_000 + posts.length * 20;
  const arrivals = await platform.waitFor(posts.length, { untilMs, signal });
  const lateness = latenessOf(contestant.name, posts, arrivals);
  for (;;) {
    const published = await contestant.countPublished();
    if (published === total) return lateness;
    if (Date.now() > untilMs)
      throw new Error(`${contestant.name} knows of ${published} posts that are out; there are ${total}`);
    await delay(100, undefined, { signal });
  }
}

/** Enough time to set every alarm before the first post is due. */
function leadMs(posts: number): number {
  return 4_000 + posts * 2;
}
