import { Logger, run, runMigrations, type RunnerOptions } from 'graphile-worker';
import pg from 'pg';
import type { Baseline, BaselineEnv } from './baseline.ts';

const TASK = 'publish';

/** Tuned for bursts as its documentation advises: jobs are taken and completed in batches, and polled often. */
function tuned(env: BaselineEnv): RunnerOptions {
  return {
    connectionString: env.databaseUrl,
    maxPoolSize: env.poolSize,
    concurrency: env.concurrency,
    pollInterval: 100,
    noHandleSignals: true,
    // It logs a line for each job, and a warning that fifty jobs share twenty connections.
    logger: new Logger(() => () => undefined),
    preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  };
}

export const graphileWorker: Baseline = {
  name: 'graphile-worker',
  prepare: (env) => runMigrations(tuned(env)),
  async openProducer(env) {
    const pool = new pg.Pool({ connectionString: env.databaseUrl, max: 2 });
    return {
      async clear() {
        await pool.query('TRUNCATE graphile_worker._private_jobs');
      },
      async add(posts) {
        await pool.query(
          `SELECT count(graphile_worker.add_job($1, json_build_object('id', number), run_at => due))
           FROM unnest($2::int[], $3::timestamptz[]) AS post(number, due)`,
          [TASK, posts.map(({ number }) => number), posts.map(({ dueAt }) => dueAt)],
        );
        await pool.query('ANALYZE graphile_worker._private_jobs');
      },
      close: () => pool.end(),
    };
  },
  async work(env, steps) {
    const runner = await run({
      ...tuned(env),
      taskList: { [TASK]: (payload) => steps.publish((payload as { id: number }).id) },
    });
    return () => runner.stop();
  },
};
