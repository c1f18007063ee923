import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  demoImage,
  eventually,
  secondsAhead,
  startTestApp,
  type TestApp,
} from '../../../test/support/app.ts';

// What a worker does with posts, on the queue in PostgreSQL. What counts is what the sandbox shows as public.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
});
afterAll(() => app.close());
beforeEach(() => app.sandbox('DELETE', '/faults'));

interface PostBody {
  id: string;
  status: string;
  scheduledAt: string | null;
  scheduleJobId: string | null;
  publishedAt: string | null;
  deliveries: {
    platform: string;
    status: string;
    dueAt: string;
    publishedAt: string | null;
    remoteId: string | null;
    remoteUrl: string | null;
    attempts: number;
    failure: { kind: string; actor: string; reason: string; platformMessage: string | null } | null;
  }[];
}

let count = 0;
const uniqueText = () => `Launch number ${(count += 1)} at ${Date.now()}`;
const create = async (content: object): Promise<PostBody> => {
  const answer = await app.request('POST', '/posts', content);
  expect(answer.status).toBe(201);
  return answer.body;
};
const schedule = async (post: PostBody, seconds: number): Promise<string> => {
  const scheduledAt = secondsAhead(seconds);
  const answer = await app.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt });
  expect(answer.status).toBe(200);
  return scheduledAt;
};
const ended = (post: PostBody) =>
  eventually(
    async (): Promise<PostBody> => (await app.request('GET', `/posts/${post.id}`)).body,
    (now) => ['published', 'partially_published', 'failed'].includes(now.status),
    'the post ends',
  );
const publicWith = async (platform: string, text: string) =>
  (await app.publicPosts(platform)).filter((post) => post.text === text);
const attemptsOf = (post: PostBody) =>
  app.ctx.db.query<{ outcome: string; trigger: string }>(
    `SELECT a.outcome, a.trigger FROM attempt a JOIN delivery d ON d.id = a.delivery_id
     WHERE d.post_id = $1 ORDER BY a.started_at, a.fence`,
    [post.id],
  );

describe('a scheduled post', () => {
  it('is published on all its channels, once, not before its time, with receipts', async () => {
    const image = await app.upload('launch.jpg', await demoImage(), { altText: 'A rocket' });
    expect(image.status).toBe(201);
    const text = uniqueText();
    const post = await create({
      text,
      mediaIds: [image.body.id],
      platforms: ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'],
    });
    const scheduledAt = await schedule(post, 2);
    const done = await ended(post);
    expect(done).toMatchObject({ status: 'published', scheduledAt: null, scheduleJobId: null });
    expect(done.publishedAt).not.toBeNull();
    for (const delivery of done.deliveries) {
      expect(delivery).toMatchObject({ status: 'published', dueAt: scheduledAt, attempts: 1, failure: null });
      expect(Date.parse(delivery.publishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(scheduledAt));
      const shown = await publicWith(delivery.platform, text);
      expect(shown).toHaveLength(1);
      expect(shown[0]).toMatchObject({ id: delivery.remoteId, mediaCount: 1 });
      expect(delivery.remoteUrl).toContain(`${app.sandboxUrl}/${delivery.platform}/`);
    }
  });

  it('goes out with the text of its last accepted edit', async () => {
    const [before, after] = [uniqueText(), uniqueText()];
    const post = await create({ text: before, platforms: ['x'] });
    await schedule(post, 2);
    expect((await app.request('PATCH', `/posts/${post.id}`, { text: after })).status).toBe(200);
    await ended(post);
    expect(await publicWith('x', before)).toHaveLength(0);
    expect(await publicWith('x', after)).toHaveLength(1);
  });

  it('goes out only at the time that was set last', async () => {
    const text = uniqueText();
    const post = await create({ text, platforms: ['x'] });
    await schedule(post, 1.5);
    const moved = await schedule(post, 4);
    const done = await ended(post);
    expect(Date.parse(done.publishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(moved));
    expect(await publicWith('x', text)).toHaveLength(1);
  });

  it('does not go out once it is taken off the schedule or deleted', async () => {
    const texts = [uniqueText(), uniqueText(), uniqueText()];
    const [unscheduled, deleted, control] = await Promise.all(
      texts.map((text) => create({ text, platforms: ['x'] })),
    );
    for (const post of [unscheduled, deleted, control]) await schedule(post!, 2);
    expect((await app.request('DELETE', `/posts/${unscheduled!.id}/schedule`)).status).toBe(200);
    expect((await app.request('DELETE', `/posts/${deleted!.id}`)).status).toBe(204);
    // The third post, due at the same time, shows that the time has come.
    await ended(control!);
    const shown = await Promise.all(texts.map((text) => publicWith('x', text)));
    expect(shown.map((posts) => posts.length)).toEqual([0, 0, 1]);
  });
});

describe('publish now', () => {
  it('publishes once, also when it races the schedule', async () => {
    const text = uniqueText();
    const post = await create({ text, platforms: ['x'] });
    await schedule(post, 1);
    await eventually(
      () => Promise.resolve(Date.now()),
      (now) => now >= Date.parse(post.scheduledAt ?? secondsAhead(-1)) - 5,
      'almost due',
    );
    const answer = await app.request('POST', `/posts/${post.id}/publish`);
    expect([202, 409]).toContain(answer.status);
    await ended(post);
    expect(await publicWith('x', text)).toHaveLength(1);
  });
});

describe('a platform that fails', () => {
  it('does not stop the others: one delivery is published, one fails, and its failure says who must act', async () => {
    await app.sandbox('POST', '/faults', {
      platform: 'linkedin',
      step: 'publish',
      fault: 'rejected',
      times: 1,
    });
    const text = uniqueText();
    const post = await create({ text, platforms: ['x', 'linkedin'] });
    await app.request('POST', `/posts/${post.id}/publish`);
    const done = await ended(post);
    expect(done.status).toBe('partially_published');
    const failed = done.deliveries.find((delivery) => delivery.platform === 'linkedin');
    expect(failed).toMatchObject({ status: 'failed', attempts: 1, remoteId: null });
    expect(failed?.failure).toMatchObject({
      kind: expect.stringMatching(/^rejected_/),
      actor: 'user',
      // LinkedIn's own words, as its sandbox says them.
      platformMessage: expect.stringMatching(/\w+ \w+/),
    });
    expect(await publicWith('linkedin', text)).toHaveLength(0);
    expect(await publicWith('x', text)).toHaveLength(1);

    // A person tries again: only what failed goes out.
    expect((await app.request('POST', `/posts/${post.id}/retry`)).status).toBe(202);
    expect((await ended(post)).status).toBe('published');
    for (const platform of ['x', 'linkedin']) expect(await publicWith(platform, text)).toHaveLength(1);
    const again = await app.request('POST', `/posts/${post.id}/retry`);
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('nothing_to_retry');
  });

  it('is tried again with back-off after a transient failure, and the post is published once', async () => {
    await app.sandbox('POST', '/faults', {
      platform: 'linkedin',
      step: 'upload',
      fault: '5xx-before-commit',
      times: 2,
    });
    const image = await app.upload('launch.jpg', await demoImage());
    const text = uniqueText();
    const post = await create({ text, mediaIds: [image.body.id], platforms: ['linkedin'] });
    await app.request('POST', `/posts/${post.id}/publish`);
    const done = await ended(post);
    expect(done.status).toBe('published');
    expect(done.deliveries[0]?.attempts).toBe(3);
    expect((await attemptsOf(post)).map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'published']);
    expect(await publicWith('linkedin', text)).toHaveLength(1);
  });

  it('is left alone for as long as it asks, without using up an attempt', async () => {
    await app.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'publish',
      fault: 'rate-limited',
      times: 1,
      retryAfterSeconds: 2,
    });
    const text = uniqueText();
    const post = await create({ text, platforms: ['x'] });
    await app.request('POST', `/posts/${post.id}/publish`);
    const done = await ended(post);
    expect(done.status).toBe('published');
    expect(done.deliveries[0]?.attempts).toBe(1);
    expect((await attemptsOf(post)).map(({ outcome }) => outcome)).toEqual(['wait_until', 'published']);
    expect(await publicWith('x', text)).toHaveLength(1);
  });
});

describe('an unclear answer', () => {
  it.each(['commit-then-drop', 'commit-then-5xx', 'truncated-body'])(
    'is looked up, and the call is not repeated: %s',
    async (fault) => {
      await app.sandbox('POST', '/faults', { platform: 'x', step: 'publish', fault, times: 1 });
      const text = uniqueText();
      const post = await create({ text, platforms: ['x'] });
      await app.request('POST', `/posts/${post.id}/publish`);
      const done = await ended(post);
      expect(done.status).toBe('published');
      const shown = await publicWith('x', text);
      expect(shown).toHaveLength(1);
      expect(done.deliveries[0]?.remoteId).toBe(shown[0]?.id);
    },
  );

  it('ends as uncertain where the platform offers no look-up, and is not sent again', async () => {
    await app.sandbox('POST', '/faults', {
      platform: 'linkedin',
      step: 'publish',
      fault: 'commit-then-drop',
      times: 1,
    });
    const text = uniqueText();
    const post = await create({ text, platforms: ['linkedin'] });
    await app.request('POST', `/posts/${post.id}/publish`);
    const done = await ended(post);
    expect(done.deliveries[0]).toMatchObject({ status: 'uncertain', failure: { actor: 'user' } });
    const retried = await app.request('POST', `/posts/${post.id}/retry`);
    expect(retried.status).toBe(409);
    expect(retried.body.detail).toMatch(/may be out already/);
    expect(await publicWith('linkedin', text)).toHaveLength(1);
  });
});

describe('the sweepers', () => {
  it('publish a due post whose alarm was lost, once', async () => {
    const text = uniqueText();
    const post = await create({ text, platforms: ['x'] });
    await schedule(post, 1);
    const { scheduleJobId } = (await app.request('GET', `/posts/${post.id}`)).body;
    expect(await app.ctx.queues.remove({ job: 'post-due', id: scheduleJobId })).toBe(true);
    const done = await ended(post);
    expect(done.status).toBe('published');
    expect(await publicWith('x', text)).toHaveLength(1);
  });

  it('set an alarm that is pending', async () => {
    const post = await create({ text: uniqueText(), platforms: ['x'] });
    await schedule(post, 3600);
    const { scheduleJobId: id } = (await app.request('GET', `/posts/${post.id}`)).body;
    await app.ctx.queues.remove({ job: 'post-due', id });
    await app.ctx.db.query(`UPDATE post SET alarm_set_at = NULL WHERE id = $1`, [post.id]);
    await eventually(
      () => app.ctx.queues.find({ job: 'post-due', id }),
      (job) => job !== null,
      'the alarm is set again',
    );
  });

  it('take over the deliveries of a dead worker: an unsent one is sent, a sent one is looked up', async () => {
    const texts = [uniqueText(), uniqueText()];
    const [fresh, sent] = await Promise.all(texts.map((text) => create({ text, platforms: ['x'] })));
    // Two deliveries of a killed worker: one before its public call, one after the call was answered.
    const abandon = (post: PostBody, sendingAt: string) =>
      app.ctx.db.query(
        `WITH p AS (UPDATE post SET status = 'publishing' WHERE id = $1)
         UPDATE delivery SET status = 'publishing', fence = 1, lease_until = now() - interval '1 second',
           due_at = now(), next_attempt_at = now(), turn_at = now(), sending_at = ${sendingAt}, sending_deadline_at = ${sendingAt},
           witness = '{"newestPostId": null}'
         WHERE post_id = $1`,
        [post.id],
      );
    const account = (await app.request('GET', '/channels')).body.data.find(
      (channel: { platform: string }) => channel.platform === 'x',
    );
    const live = await fetch(`${app.sandboxUrl}/x/2/tweets`, {
      method: 'POST',
      headers: { authorization: `Bearer sandbox-${account.handle}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: texts[1] }),
    });
    expect(live.status).toBe(201);
    await abandon(fresh!, 'NULL');
    await abandon(sent!, 'now()');
    for (const [index, post] of [fresh!, sent!].entries()) {
      expect((await ended(post)).status).toBe('published');
      expect(await publicWith('x', texts[index]!)).toHaveLength(1);
    }
  });
});
