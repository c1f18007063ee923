import PgBoss from 'pg-boss';
import pg from 'pg';
import type { Baseline, BaselineEnv } from './baseline.ts';

const QUEUE = 'publish';
/** A batch ends with its slowest job, so several smaller batches keep all slots busy. */
const BATCHES = 5;

function boss(env: BaselineEnv): PgBoss {
  const made = new PgBoss({ connectionString: env.databaseUrl, max: env.poolSize });
  made.on('error', () => undefined);
  return made;
}

/** Tuned: the shortest pause that it allows, jobs in batches, and no pause after a full batch. */
export const pgBoss: Baseline = {
  name: 'pg-boss',
  async prepare(env) {
    const made = boss(env);
    await made.start();
    await made.createQueue(QUEUE);
    await made.stop({ graceful: false });
  },
  async openProducer(env) {
    const made = boss({ ...env, poolSize: 2 });
    await made.start();
    const pool = new pg.Pool({ connectionString: env.databaseUrl, max: 1 });
    return {
      clear: () => made.clearStorage(),
      async add(posts) {
        const jobs = posts.map(({ number, dueAt }) => ({
          name: QUEUE,
          data: { id: number },
          startAfter: dueAt,
        }));
        for (let first = 0; first < jobs.length; first += 1_000)
          await made.insert(jobs.slice(first, first + 1_000));
        await pool.query('ANALYZE pgboss.job');
      },
      async close() {
        await made.stop({ graceful: false });
        await pool.end();
      },
    };
  },
  async work(env, steps) {
    const made = boss(env);
    await made.start();
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const id: string = await made.work<{ id: number }>(
        QUEUE,
        { batchSize: Math.ceil(env.concurrency / BATCHES), pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          made.notifyWorker(id);
          await Promise.all(jobs.map((job) => steps.publish(job.data.id)));
        },
      );
    }
    return () => made.stop({ graceful: true, timeout: 5_000 });
  },
};
