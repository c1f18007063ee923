import { setTimeout as delay } from 'node:timers/promises';
import { bullmq } from '../baselines/bullmq.ts';
import type { Producer } from '../baselines/baseline.ts';
import type { Child } from '../child.ts';
import {
  baselineEnv,
  emptyBaselineTable,
  insertJobPosts,
  startBaselineWorker,
} from '../contestants/baseline-rows.ts';
import type { Conditions } from '../contestants/contestant.ts';
import { duePosts } from '../contestants/due-posts.ts';
import type { Platform } from '../platform/client.ts';
import type { Servers } from '../servers.ts';
import { DUE_AFTER_MS, HARMED_POSTS, NEVER, pauseUpTo, until, type Patient } from './patient.ts';

/** BullMQ's default interval for the check for stalled jobs. */
const STALLED_CHECK_MS = 30_000;
const GIVE_UP_MS = 150_000;
/** How long to wait for a queue that has lost its jobs. */
const LOST_AFTER_MS = 15_000;

/**
 * Plain BullMQ with its defaults and two workers. A job that runs again publishes again, whatever the outcome of the first call;
 * otherwise the post would stay claimed for ever.
 */
export function plainPatient(servers: Servers, conditions: Conditions, platform: Platform): Patient {
  const env = { ...baselineEnv(servers, conditions), resend: true };

  async function withWorkers<T>(work: (producer: Producer, workers: Child[]) => Promise<T>): Promise<T> {
    await emptyBaselineTable(servers.baselineSql);
    await platform.forget();
    const producer = await bullmq.openProducer(env);
    const workers: Child[] = [];
    try {
      await producer.clear();
      for (let n = 0; n < 2; n += 1)
        workers.push(await startBaselineWorker(bullmq.name, env, conditions.logs));
      return await work(producer, workers);
    } finally {
      for (const worker of workers) await worker.end('SIGKILL');
      await producer.close();
    }
  }

  async function schedule(producer: Producer, posts: ReturnType<typeof duePosts>): Promise<void> {
    await insertJobPosts(servers.baselineSql, posts, conditions.accounts);
    await producer.add(posts);
  }

  return {
    name: bullmq.name,
    // It makes only one call, so the moment of the kill makes no difference.
    killed: () =>
      withWorkers(async (producer, workers) => {
        await pauseUpTo(STALLED_CHECK_MS);
        await platform.hangNext();
        await schedule(producer, duePosts([Date.now() + DUE_AFTER_MS]));
        let holder: Child | undefined;
        const held = await until(async () => {
          for (const worker of workers) if (await isRunning(worker)) holder = worker;
          return holder !== undefined;
        }, 20_000);
        if (!held) throw new Error('no worker took the job');
        await delay(500);
        await pauseUpTo(3_000);
        await holder?.end('SIGKILL');
        const killedAt = Date.now();
        const out = await until(async () => (await platform.count()) > 0, GIVE_UP_MS);
        return out ? (Date.now() - killedAt) / 1_000 : NEVER;
      }),
    withoutQueue: (how) =>
      withWorkers(async (producer) => {
        const dueMs = Date.now() + 1_000 + DUE_AFTER_MS;
        const posts = duePosts(Array.from({ length: HARMED_POSTS }, () => dueMs));
        await schedule(producer, posts);
        await delay(dueMs - DUE_AFTER_MS - Date.now());
        if (how === 'stopped') await producer.close();
        await (how === 'flushed' ? servers.redis.flush() : servers.redis.down());
        try {
          const within = dueMs + LOST_AFTER_MS - Date.now();
          const out = await until(async () => (await platform.count()) === posts.length, within);
          return out ? (Date.now() - dueMs) / 1_000 : NEVER;
        } finally {
          if (how === 'stopped') await servers.redis.up({ empty: true });
        }
      }),
  };
}

function isRunning(worker: Child): Promise<boolean> {
  return new Promise((resolve) => {
    worker.process.once('message', (answer: { running: number }) => resolve(answer.running > 0));
    worker.process.send({});
  });
}
