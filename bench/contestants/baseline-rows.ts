import { baselineTable } from '../baselines/three-steps.ts';
import type { BaselineEnv } from '../baselines/baseline.ts';
import { benchScript, startChild, type Child } from '../child.ts';
import { handleOf } from '../installation.ts';
import { textOf } from '../platform/contract.ts';
import { POOL_SIZE, type Servers, type Sql } from '../servers.ts';
import type { Conditions, DuePost } from './contestant.ts';

// The rows and worker processes of the baselines.

export function baselineEnv(servers: Servers, conditions: Conditions): BaselineEnv {
  return {
    databaseUrl: servers.baselineUrl,
    redisUrl: servers.redis.url,
    poolSize: POOL_SIZE,
    concurrency: conditions.concurrency,
    platformUrl: conditions.platformUrl,
  };
}

export function startBaselineWorker(name: string, env: BaselineEnv, logs: string): Promise<Child> {
  return startChild({
    name,
    script: benchScript('baselines/process'),
    args: [name, JSON.stringify(env)],
    env: {},
    logs,
  });
}

export async function emptyBaselineTable(sql: Sql): Promise<void> {
  await sql(baselineTable);
  await sql('TRUNCATE job_post');
}

export async function insertJobPosts(sql: Sql, posts: DuePost[], accounts: number): Promise<void> {
  await sql(
    `INSERT INTO job_post (id, token, text, status, due_at)
     SELECT id, token, text, 'scheduled', due
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS g(id, token, text, due)`,
    [
      posts.map(({ number }) => number),
      posts.map(({ number }) => `sandbox-${handleOf(number % accounts)}`),
      posts.map(({ number }) => textOf(number)),
      posts.map(({ dueAt }) => dueAt),
    ],
  );
  await sql('ANALYZE job_post');
}
