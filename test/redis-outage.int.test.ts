import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from './support/app.ts';
import { describeWithRedisServer } from './support/describe-with-redis.ts';
import { startRedis, type RedisServer } from './support/queue.ts';

// Redis, which holds the alarms, is killed. Requests still work, and posts that become due are published once.

describeWithRedisServer('Redis is killed', () => {
  let redis: RedisServer;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis();
    app = await startTestApp({ redisUrl: redis.url });
    await app.startWorker();
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  const create = async (text: string) =>
    (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
  const schedule = (id: string, seconds: number) =>
    app.request('PUT', `/posts/${id}/schedule`, { scheduledAt: secondsAhead(seconds) });
  const published = async (id: string) =>
    eventually(
      async () => (await app.request('GET', `/posts/${id}`)).body,
      (post) => post.status === 'published',
      'the post is published',
    );
  const lateMs = (post: { deliveries: { dueAt: string; publishedAt: string }[] }) =>
    Math.max(...post.deliveries.map((d) => Date.parse(d.publishedAt) - Date.parse(d.dueAt)));

  it('requests are answered, due posts are published within 5 s, and an empty Redis is used again without a restart', async () => {
    const beforehand = await create('scheduled while Redis lived');
    expect((await schedule(beforehand.id, 3)).body.alarm).toBe('set');
    await redis.kill();

    const during = await create('created while Redis was dead');
    const startedAt = Date.now();
    const scheduled = await schedule(during.id, 4);
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(scheduled.status).toBe(200);
    expect(scheduled.body).toMatchObject({ status: 'scheduled', alarm: 'pending' });
    const edited = await app.request('PATCH', `/posts/${during.id}`, { text: 'edited while Redis was dead' });
    expect(edited.status).toBe(200);
    const now = await create('published now while Redis was dead');
    expect((await app.request('POST', `/posts/${now.id}/publish`)).status).toBe(202);
    const later = await create('due after Redis is back');
    expect((await schedule(later.id, 3600)).body.alarm).toBe('pending');

    for (const { id } of [beforehand, during, now]) expect(lateMs(await published(id))).toBeLessThan(5_000);

    redis = await startRedis({ port: redis.port });
    // The same worker sets the missing alarm again on the Redis that came back empty.
    await eventually(
      async () => (await app.request('GET', `/posts/${later.id}`)).body.alarm,
      (alarm) => alarm === 'set',
      'the pending alarm is set',
    );
    const after = await create('scheduled after Redis came back');
    expect((await schedule(after.id, 2)).body.alarm).toBe('set');
    expect(lateMs(await published(after.id))).toBeLessThan(5_000);

    const texts = (await app.publicPosts('x')).map(({ text }) => text).sort();
    expect(texts).toEqual(
      [
        'scheduled while Redis lived',
        'edited while Redis was dead',
        'published now while Redis was dead',
        'scheduled after Redis came back',
      ].sort(),
    );
  });
});
