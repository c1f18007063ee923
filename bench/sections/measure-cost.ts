import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.ts';
import type { Contestant } from '../contestants/contestant.ts';
import { duePosts } from '../contestants/due-posts.ts';
import { memoryOf } from '../measures/memory.ts';
import { countStatements, total } from '../measures/statements.ts';
import type { Sql } from '../servers.ts';
import type { Field } from './contestants.ts';
import { publish } from './measure-run.ts';
import type { Bench } from './section.ts';

const CHUNK = 10_000;
const MONTH_MS = 30 * 24 * 3_600_000;
const REST_MS = 60_000;
const AT_ONCE = 1_000;
const SPREAD = 400;
const SPREAD_GAP_MS = 50;
const BURST = 10_000;

export interface CostSide {
  contestant: Contestant;
  /** Runs statements on the database whose size is measured. */
  sql: Sql;
  startApi(): Promise<Child>;
}

/** The figures, by their line of the table. */
export type Costs = { [figure: string]: number };

/** Measures one run of a worker and an API: at rest, with many scheduled posts, while some are published, and after a burst. */
export async function measureCost(bench: Bench, field: Field, side: CostSide, posts: number): Promise<Costs> {
  const { servers, signal } = bench;
  const { contestant } = side;
  await servers.redis.flush();
  const worker = await contestant.start();
  let api: Child | undefined;
  try {
    api = await side.startApi();
    const apiPid = api.pid;
    const size = () => sizesOf(bench, side.sql);
    const costs: Costs = {};
    const noteMemory = (when: string) => {
      costs[`worker RSS ${when}, MB`] = memoryOf(worker.pid).residentMb;
      costs[`API RSS ${when}, MB`] = memoryOf(apiPid).residentMb;
    };
    await delay(10_000, undefined, { signal });
    noteMemory('at rest');

    const before = await size();
    for (let first = 0; first < posts; first += CHUNK) {
      signal.throwIfAborted();
      const due = Array.from(
        { length: Math.min(CHUNK, posts - first) },
        (_, i) => Date.now() + MONTH_MS + (first + i) * 1_000,
      );
      await contestant.schedule(duePosts(due));
    }
    const after = await size();
    costs['Redis bytes per scheduled post'] = (after.redis - before.redis) / posts;
    costs['PostgreSQL bytes per scheduled post'] = (after.postgres - before.postgres) / posts;

    const atRest = await countStatements(servers, () => delay(REST_MS, undefined, { signal }));
    const ofApi = (name: string) => name.includes('api');
    noteMemory('with all scheduled');
    const perMs = total(atRest) / REST_MS;
    costs['statements per minute at rest, worker'] = total(atRest, (name) => !ofApi(name));
    costs['statements per minute at rest, API'] = total(atRest, ofApi);

    let published = 0;
    const publishAll = async (offsetsMs: number[], total: number) => {
      const done = await publish(bench, field, contestant, offsetsMs, { total, patience: 3 });
      if (!done) throw new Error(`${contestant.name} did not set its alarms in time`);
    };
    const perDelivery = async (offsetsMs: number[]) => {
      published += offsetsMs.length;
      const startedAt = Date.now();
      const run = () => publishAll(offsetsMs, published);
      const counted = total(await countStatements(servers, run));
      return (counted - perMs * (Date.now() - startedAt)) / offsetsMs.length;
    };
    const atOnce = Array.from({ length: AT_ONCE }, () => 0);
    costs[`statements per delivery, ${AT_ONCE} at once`] = await perDelivery(atOnce);
    const spread = Array.from({ length: SPREAD }, (_, i) => i * SPREAD_GAP_MS);
    costs[`statements per delivery, ${1_000 / SPREAD_GAP_MS} a second`] = await perDelivery(spread);

    published += BURST;
    const burst = Array.from({ length: BURST }, () => 0);
    await publishAll(burst, published);
    costs['worker RSS at its peak, MB'] = memoryOf(worker.pid).peakMb;
    await delay(10_000, undefined, { signal });
    noteMemory(`after ${BURST} at once`);
    return costs;
  } finally {
    await contestant.stop();
    await api?.end('SIGTERM');
  }
}

async function sizesOf({ servers }: Bench, sql: Sql): Promise<{ redis: number; postgres: number }> {
  const redis = new Redis(servers.redis.url);
  try {
    const memory = await redis.info('memory');
    await sql('VACUUM ANALYZE');
    const [row] = await sql<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    return {
      redis: Number(/^used_memory:(\d+)/m.exec(memory)?.[1] ?? Number.NaN),
      postgres: Number(row?.bytes),
    };
  } finally {
    redis.disconnect();
  }
}
