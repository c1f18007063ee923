import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithRedis } from '../../../test/support/describe-with-redis.ts';
import { openRedisForTests } from '../../../test/support/queue.ts';
import { createPostgresEngine } from '../../queue/src/postgres-engine.ts';
import { createRedisEngine } from '../../queue/src/redis-engine.ts';
import type { Engine } from '../../queue/src/engine.ts';
import { createLogger } from '@solospark/foundation';

// What an author can do after a failure: duplicate the post, retry it, connect the account again, or run its failed job
// again.

const rejectOn = (app: TestApp, platform: string, times = 1) =>
  app.sandbox('POST', '/faults', { platform, step: 'publish', fault: 'rejected', times });
const write = async (app: TestApp, content: object) => {
  const answer = await app.request('POST', '/posts', content);
  expect(answer.status).toBe(201);
  return answer.body as { id: string };
};
const publish = async (app: TestApp, content: object) => {
  const { id } = await write(app, content);
  expect((await app.request('POST', `/posts/${id}/publish`)).status).toBe(202);
  return id;
};
const read = async (app: TestApp, id: string) => (await app.request('GET', `/posts/${id}`)).body;
const ended = (app: TestApp, id: string) =>
  eventually(
    () => read(app, id),
    ({ status }) => ['published', 'partially_published', 'failed'].includes(status as string),
    'the post ends',
  );
const published = (app: TestApp, id: string) =>
  eventually(
    () => read(app, id),
    ({ status }) => status === 'published',
    'the post is published',
  );
interface Delivery {
  id: string;
  platform: string;
  status: string;
}
const on = (platform: string, { deliveries }: { deliveries: Delivery[] }) =>
  deliveries.find((delivery) => delivery.platform === platform)!;

describe('through the API', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
    await app.startWorker();
  });
  afterAll(() => app.close());
  beforeEach(() => app.sandbox('POST', '/reset'));

  it('a failed post can be duplicated as a draft with all its content, and the copy goes out', async () => {
    const mediaId = (await app.upload('launch.jpg', await demoImage())).body.id as string;
    const mastodon = app.channelOn('mastodon');
    await rejectOn(app, 'mastodon');
    const content = {
      text: 'For everybody',
      mediaIds: [mediaId],
      channelIds: [mastodon],
      channelTexts: { [mastodon]: 'For Mastodon' },
      channelSettings: { [mastodon]: { visibility: 'unlisted' } },
      lateLimitMinutes: 90,
    };
    const id = await publish(app, content);
    expect((await ended(app, id)).status).toBe('failed');

    const copied = await app.request('POST', `/posts/${id}/duplicate`);
    expect(copied.status).toBe(201);
    expect(copied.body).toMatchObject({
      status: 'draft',
      revision: 1,
      text: 'For everybody',
      lateLimitMinutes: 90,
      media: [{ id: mediaId }],
      deliveries: [
        {
          channelId: mastodon,
          text: 'For Mastodon',
          status: 'pending',
          settings: { visibility: 'unlisted' },
        },
      ],
    });
    expect(copied.headers['location']).toMatch(new RegExp(`/posts/${copied.body.id}$`));
    expect((await read(app, id)).status).toBe('failed');
    await app.request('POST', `/posts/${copied.body.id}/publish`);
    expect((await ended(app, copied.body.id as string)).status).toBe('published');
  });

  it('a draft, a scheduled and a published post can be duplicated too; one that is not there cannot', async () => {
    const draft = await write(app, { text: 'Once', platforms: ['x'] });
    expect((await app.request('POST', `/posts/${draft.id}/duplicate`)).body.status).toBe('draft');
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    await app.request('PUT', `/posts/${draft.id}/schedule`, { scheduledAt });
    const copy = (await app.request('POST', `/posts/${draft.id}/duplicate`)).body;
    expect(copy).toMatchObject({ status: 'draft', scheduledAt: null, text: 'Once' });
    await app.request('POST', `/posts/${draft.id}/publish`);
    expect((await ended(app, draft.id)).status).toBe('published');
    expect((await app.request('POST', `/posts/${draft.id}/duplicate`)).body.status).toBe('draft');
    await app.request('DELETE', `/posts/${copy.id}`);
    const gone = await app.request('POST', `/posts/${copy.id}/duplicate`);
    expect([gone.status, gone.body.code]).toEqual([404, 'post_not_found']);
  });

  it('a failed delivery can be retried alone, also while another channel of the post still waits', async () => {
    await rejectOn(app, 'linkedin');
    await rejectOn(app, 'mastodon');
    const limited = {
      platform: 'x',
      step: 'publish',
      fault: 'rate-limited',
      times: 1,
      retryAfterSeconds: 600,
    };
    await app.sandbox('POST', '/faults', limited);
    const id = await publish(app, { text: 'Three ways', platforms: ['x', 'linkedin', 'mastodon'] });
    const stuck = await eventually(
      () => read(app, id),
      (post) => on('linkedin', post).status === 'failed' && on('mastodon', post).status === 'failed',
      'two of three fail',
    );
    expect(stuck.status).toBe('publishing');
    const path = `/posts/${id}/deliveries/${on('linkedin', stuck).id}/retry`;
    expect((await app.request('POST', path)).status).toBe(202);
    const now = await eventually(
      () => read(app, id),
      (post) => on('linkedin', post).status === 'published',
      'it is published on that one',
    );
    expect(on('mastodon', now).status).toBe('failed');
    expect(on('x', now).status).toBe('pending');
    const again = await app.request('POST', path);
    expect([again.status, again.body.code]).toEqual([409, 'nothing_to_retry']);
    expect(again.body.detail).toMatch(/The delivery is published/);
    const unknown = await app.request('POST', `/posts/${id}/deliveries/${id}/retry`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'delivery_not_found']);
    expect((await app.publicPosts('linkedin')).length).toBe(1);
  });

  it('connecting an account again sends the deliveries that failed without it, if they may still be that late', async () => {
    const connect = () => app.request('POST', '/channels', { platform: 'x', handle: 'comeback' });
    const channelId = (await connect()).body.id as string;
    const [late, inTime, other] = await Promise.all(
      ['Too late by now', 'Still in time', 'Refused for its content'].map((text) =>
        write(app, { text, channelIds: [channelId], lateLimitMinutes: 60 }),
      ),
    );
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    for (const post of [late, inTime]) {
      await app.request('PUT', `/posts/${post!.id}/schedule`, { scheduledAt });
    }
    await rejectOn(app, 'x');
    await app.request('POST', `/posts/${other!.id}/publish`);
    expect((await ended(app, other!.id)).status).toBe('failed');
    expect((await app.request('DELETE', `/channels/${channelId}`)).status).toBeLessThan(300);
    await app.ctx.db.query(`UPDATE post SET scheduled_at = now() WHERE id = ANY ($1::uuid[])`, [
      [late!.id, inTime!.id],
    ]);
    for (const post of [late, inTime]) {
      expect(await ended(app, post!.id)).toMatchObject({
        status: 'failed',
        deliveries: [{ failure: { kind: 'auth_expired' } }],
      });
    }
    await app.ctx.db.query(`UPDATE delivery SET due_at = due_at - interval '61 minutes' WHERE post_id = $1`, [
      late!.id,
    ]);

    expect((await connect()).status).toBeLessThan(300);
    await published(app, inTime!.id);
    expect((await read(app, late!.id)).status).toBe('failed');
    expect((await read(app, other!.id)).status).toBe('failed');
    expect((await app.publicPosts('x')).map(({ text }) => text)).toEqual(['Still in time']);
  });
});

describe.each(['redis', 'postgres'] as const)('in the queue on %s', (name) => {
  (name === 'redis' ? describeWithRedis : describe)('failed deliveries', () => {
    let app: TestApp;
    let engine: Engine;
    const closing: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      const redis = name === 'redis' ? await openRedisForTests() : undefined;
      if (redis) closing.push(() => redis.close());
      app = await startTestApp(redis ? { redisUrl: redis.url } : {});
      closing.push(() => app.close());
      await app.startWorker();
      // Reads the queue directly, as redis-cli, SQL or bull-board do.
      const log = createLogger({ name: 'test', level: 'silent' });
      const common = { deadlineMs: 5_000, log };
      engine = redis
        ? createRedisEngine({ url: redis.url, prefix: app.queuePrefix, ...common })
        : createPostgresEngine({ url: app.databaseUrl, schema: 'bullmq', ...common });
      closing.push(() => engine.close());
    });
    afterAll(async () => {
      for (const close of closing.reverse()) await close();
    });

    const failedJobs = async () => (await engine.queue('failed-deliveries')).getFailed();

    it('are shown as failed jobs with their ids and reasons: the last ten of them', async () => {
      await rejectOn(app, 'linkedin', 12);
      const ids: string[] = [];
      for (let number = 1; number <= 12; number += 1) {
        ids.push(await publish(app, { text: `Refused, number ${number}`, platforms: ['linkedin'] }));
        await ended(app, ids.at(-1)!);
      }
      const last = await read(app, ids.at(-1)!);
      const jobs = await eventually(
        failedJobs,
        (found) => found.length === 10 && found.some(({ data }) => data.postId === last.id),
        'the last ten are there',
      );
      expect(new Set(jobs.map(({ data }) => data.postId as string))).toEqual(new Set(ids.slice(2)));
      const job = jobs.find(({ data }) => data.postId === last.id)!;
      const { kind, reason } = last.deliveries[0].failure;
      expect(job.data).toEqual({
        organizationId: app.organizationId,
        postId: last.id,
        deliveryId: last.deliveries[0].id,
        platform: 'linkedin',
        kind,
        reason,
      });
      expect(job.failedReason).toBe(reason);
    });

    it('are retried when their job is run again: the post goes out once, and the job is gone', async () => {
      const [job] = await failedJobs();
      const { postId } = job!.data as { postId: string };
      const before = (await app.publicPosts('linkedin')).length;
      await job!.retry();
      await published(app, postId);
      await eventually(failedJobs, (found) => found.every(({ id }) => id !== job!.id), 'the job is gone');
      expect(await app.publicPosts('linkedin')).toHaveLength(before + 1);
    });

    it('are not sent when their job is run again after another retry or a deletion: the job is only removed', async () => {
      const [tried, gone] = await failedJobs();
      await app.request('POST', `/posts/${tried!.data.postId}/retry`);
      await published(app, tried!.data.postId as string);
      await app.request('DELETE', `/posts/${gone!.data.postId}`);
      const before = (await app.publicPosts('linkedin')).length;
      await Promise.all([tried!.retry(), gone!.retry()]);
      await eventually(
        failedJobs,
        (found) => found.every(({ id }) => id !== tried!.id && id !== gone!.id),
        'both jobs are gone',
      );
      expect(await app.publicPosts('linkedin')).toHaveLength(before);
    });
  });
});
