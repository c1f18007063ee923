import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithRedisServer } from '../../../test/support/describe-with-redis.ts';
import { startRedis, type RedisServer } from '../../../test/support/queue.ts';

// A Redis that is there and does not work, with an API and a worker: scheduling is answered, and posts go out in time.

let redis: RedisServer;
let app: TestApp;
beforeEach(async () => {
  redis = await startRedis();
  app = await startTestApp({ redisUrl: redis.url });
  await app.startWorker();
});
afterEach(async () => {
  // Ends the trouble, so that closing does not have to wait.
  redis.resume();
  for (const mend of ['CONFIG SET maxmemory 0', 'REPLICAOF NO ONE']) await redis.command(mend);
  await app.close();
  await redis.stop();
});

const troubles: [string, () => Promise<unknown>][] = [
  ['out of memory', () => redis.command('CONFIG SET maxmemory 1')],
  ['read-only', () => redis.command('REPLICAOF 127.0.0.1 1')],
  ['frozen', async () => redis.pause()],
];

describeWithRedisServer('a Redis that is', () => {
  it.each(troubles)('%s: requests are answered, and due posts go out within 5 s, once', async (_, begin) => {
    const schedule = async (text: string, seconds: number) => {
      const post = (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
      const scheduledAt = secondsAhead(seconds);
      const startedAt = Date.now();
      const answer = await app.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt });
      expect(answer.status).toBe(200);
      expect(Date.now() - startedAt).toBeLessThan(10_000);
      return { id: post.id as string, alarm: answer.body.alarm as string };
    };
    const before = await schedule('Scheduled before', 3);
    expect(before.alarm).toBe('set');
    await begin();
    const during = await schedule('Scheduled meanwhile', 4);
    expect(during.alarm).toBe('pending');
    for (const { id } of [before, during]) {
      const { deliveries } = await eventually(
        async () => (await app.request('GET', `/posts/${id}`)).body,
        ({ status }) => status === 'published',
        'the post is published',
      );
      const { dueAt, publishedAt } = deliveries[0];
      expect(Date.parse(publishedAt) - Date.parse(dueAt)).toBeLessThan(5_000);
    }
    const texts = (await app.publicPosts('x')).map(({ text }) => text).sort();
    expect(texts).toEqual(['Scheduled before', 'Scheduled meanwhile']);
  });
});
