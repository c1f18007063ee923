import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { BASELINE } from '../sections/section.ts';
import type { Baseline } from './baseline.ts';

const QUEUE = 'posts';
const options = { prefix: 'plain' };

/** Delayed jobs, one per post, as in BullMQ's documentation. */
export const bullmq: Baseline = {
  name: BASELINE,
  async prepare() {},
  async openProducer(env) {
    const connection = new Redis(env.redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue<{ id: number }>(QUEUE, { ...options, connection });
    return {
      clear: () => queue.obliterate({ force: true }),
      async add(posts) {
        for (let first = 0; first < posts.length; first += 500) {
          const timestamp = Date.now();
          await queue.addBulk(
            posts.slice(first, first + 500).map(({ number, dueAt }) => ({
              name: 'publish',
              data: { id: number },
              opts: {
                timestamp,
                delay: Math.max(0, dueAt.getTime() - timestamp),
                removeOnComplete: true,
                removeOnFail: true,
              },
            })),
          );
        }
      },
      async close() {
        await queue.close();
        connection.disconnect();
      },
    };
  },
  async work(env, steps) {
    const connection = new Redis(env.redisUrl, { maxRetriesPerRequest: null });
    const worker = new Worker<{ id: number }>(QUEUE, (job) => steps.publish(job.data.id), {
      ...options,
      connection,
      concurrency: env.concurrency,
    });
    worker.on('error', () => undefined);
    await worker.waitUntilReady();
    return async () => {
      await worker.close();
      connection.disconnect();
    };
  },
};
