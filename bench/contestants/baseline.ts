import type { Baseline, Producer } from '../baselines/baseline.ts';
import type { Child } from '../child.ts';
import type { Servers } from '../servers.ts';
import { baselineEnv, emptyBaselineTable, insertJobPosts, startBaselineWorker } from './baseline-rows.ts';
import type { Conditions, Contestant } from './contestant.ts';

/** A third-party queue with the three steps, in its own process. */
export async function openBaseline(
  baseline: Baseline,
  servers: Servers,
  conditions: Conditions,
): Promise<Contestant> {
  const { baselineSql } = servers;
  const env = baselineEnv(servers, conditions);
  let worker: Child | undefined;
  let producer: Producer | undefined;
  await baseline.prepare(env);

  return {
    name: baseline.name,
    async start() {
      await emptyBaselineTable(baselineSql);
      producer = await baseline.openProducer(env);
      await producer.clear();
      worker = await startBaselineWorker(baseline.name, env, conditions.logs);
      return worker;
    },
    async schedule(posts) {
      await insertJobPosts(baselineSql, posts, conditions.accounts);
      await producer?.add(posts);
    },
    async countPublished() {
      const [row] = await baselineSql<{ n: number }>(
        `SELECT count(*)::int AS n FROM job_post WHERE status = 'published' AND remote_id IS NOT NULL`,
      );
      return row?.n ?? 0;
    },
    async stop() {
      await worker?.end('SIGTERM');
      const opened = producer;
      producer = undefined;
      await opened?.close();
    },
  };
}
