import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuth, seedDemo } from '../src/index.ts';
import { secondsAhead, startTestApp, type Answer, type TestApp } from '../../../test/support/app.ts';

// No worker runs here: the tests write the rows as a worker would leave them.

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

const unknownId = '00000000-0000-4000-8000-000000000000';
const draft = async (content: object) => {
  const answer = await api.request('POST', '/posts', { text: 'Hello', ...content });
  expect(answer.status).toBe(201);
  return answer.body;
};
const read = async (post: { id: string }) => (await api.request('GET', `/posts/${post.id}`)).body;
const expectProblem = (answer: Answer, status: number, code: string, pointer?: string) => {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  if (pointer === undefined) return;
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
};
const connect = async (handle: string) => api.request('POST', '/channels', { platform: 'x', handle });
const newChannel = async (handle: string) => {
  const answer = await connect(handle);
  expect(answer.status).toBe(201);
  return answer.body as { id: string; status: string };
};
const disconnect = ({ id }: { id: string }) => api.request('DELETE', `/channels/${id}`);
const sealedOf = async ({ id }: { id: string }) => {
  const rows = await api.ctx.db.query<{ sealed: string }>(
    'SELECT sealed_credentials AS sealed FROM channel WHERE id = $1',
    [id],
  );
  return rows[0]?.sealed;
};

describe('DELETE /channels/:channelId', () => {
  it('200 disables the channel and wipes its credentials, and is idempotent', async () => {
    const channel = await newChannel('leaving');
    const answer = await disconnect(channel);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...channel, status: 'disabled' });
    expect(await sealedOf(channel)).toBe('');
    const again = await disconnect(channel);
    expect([again.status, again.body]).toEqual([200, answer.body]);
    const listed = (await api.request('GET', '/channels')).body.data;
    expect(listed).toContainEqual(answer.body);
  });

  it('200 leaves the channel disabled when the next start seeds the demo accounts', async () => {
    const channel = { id: api.channelOn('instagram') };
    await disconnect(channel);
    const auth = createAuth({ db: api.ctx.db, secret: 'a'.repeat(32), baseUrl: 'http://127.0.0.1' });
    await seedDemo(api.ctx, auth, { apiKey: api.apiKey });
    const listed: { id: string; status: string }[] = (await api.request('GET', '/channels')).body.data;
    expect(listed.find(({ id }) => id === channel.id)?.status).toBe('disabled');
  });

  it("404 for an unknown channel, and for another organization's", async () => {
    expectProblem(await disconnect({ id: unknownId }), 404, 'channel_not_found');
    const [foreign] = await api.ctx.db.query<{ id: string }>(
      `WITH other AS (INSERT INTO organization (id, name, slug) VALUES ('other', 'Other', 'other') RETURNING id)
       INSERT INTO channel (organization_id, platform, remote_account_id, handle, sealed_credentials)
       SELECT id, 'x', '1', 'theirs', 'v1' FROM other RETURNING id`,
    );
    expectProblem(await disconnect(foreign!), 404, 'channel_not_found');
    expect(await sealedOf(foreign!)).toBe('v1');
  });

  it('422 afterwards for creating, scheduling, editing or publishing a post on it', async () => {
    const channel = await newChannel('refusing');
    const written = await draft({ channelIds: [channel.id] });
    const scheduled = await draft({ channelIds: [channel.id, api.channelOn('linkedin')] });
    const at = { scheduledAt: secondsAhead(3600) };
    expect((await api.request('PUT', `/posts/${scheduled.id}/schedule`, at)).status).toBe(200);
    await disconnect(channel);

    const post = { text: 'a', channelIds: [channel.id] };
    expectProblem(await api.request('POST', '/posts', post), 422, 'invalid_post', '/channelIds/0');
    for (const [method, path, body] of [
      ['PUT', `/posts/${written.id}/schedule`, at],
      ['POST', `/posts/${written.id}/publish`, undefined],
      ['POST', `/posts/${scheduled.id}/publish`, undefined],
      ['PATCH', `/posts/${scheduled.id}`, { text: 'edited' }],
    ] as const) {
      const refused = await api.request(method, path, body);
      expectProblem(refused, 422, 'invalid_post', '/channelIds');
      expect(refused.body.errors[0].code).toBe('channel_not_connected');
    }
    expect(await read(scheduled)).toMatchObject({ status: 'scheduled', text: 'Hello' });
    // A post without that channel can be edited.
    const without = { channelIds: [api.channelOn('linkedin')], text: 'edited' };
    expect((await api.request('PATCH', `/posts/${scheduled.id}`, without)).status).toBe(200);
  });
});

describe('POST /channels, of an account that was disconnected', () => {
  it('201 is the same channel with new credentials and takes posts again; the next call is 409', async () => {
    const channel = await newChannel('returning');
    const post = await draft({ channelIds: [channel.id] });
    await disconnect(channel);
    const answer = await connect('returning');
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual(channel);
    expect(await sealedOf(channel)).toMatch(/^v1\.test\./);
    const at = { scheduledAt: secondsAhead(3600) };
    expect((await api.request('PUT', `/posts/${post.id}/schedule`, at)).status).toBe(200);
    expectProblem(await connect('returning'), 409, 'channel_exists');
  });

  it('201 for exactly one of two concurrent calls', async () => {
    await disconnect(await newChannel('twice'));
    const answers = await Promise.all([connect('twice'), connect('twice')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });
});

describe('POST /posts/:postId/deliveries/:deliveryId/resolve', () => {
  /** A post that has ended, with the given status per delivery; uncertain ones were sent a minute ago. */
  const endedPost = async (fates: Record<string, 'uncertain' | 'published' | 'failed' | 'publishing'>) => {
    const post = await draft({ channelIds: Object.keys(fates).map((platform) => api.channelOn(platform)) });
    await api.ctx.db.query(`UPDATE post SET status = 'publishing' WHERE id = $1`, [post.id]);
    for (const [platform, status] of Object.entries(fates)) {
      await api.ctx.db.query(
        `WITH sent AS (
           UPDATE delivery
           SET status = $3::text::delivery_status, fence = 1, due_at = now() - interval '61 seconds', attempts_used = 1,
               sending_at = CASE WHEN $3 = 'uncertain' THEN now() - interval '1 minute' END,
               sending_deadline_at = CASE WHEN $3 = 'uncertain' THEN now() - interval '56 seconds' END,
               published_at = CASE WHEN $3 = 'published' THEN now() - interval '1 minute' END,
               failure_kind = CASE WHEN $3 IN ('failed', 'uncertain') THEN 'unknown' END, failure_actor = 'user',
               failure_reason = 'Nobody knows.', lease_until = now() + interval '1 hour'
           WHERE post_id = $1 AND platform = $2 RETURNING id
         )
         INSERT INTO attempt (delivery_id, fence, worker, trigger, ended_at, outcome)
         SELECT id, 1, 'w', 'job', now(), CASE WHEN $3 = 'publishing' THEN NULL ELSE $3::text::attempt_outcome END FROM sent`,
        [post.id, platform, status],
      );
    }
    await settleOnce(post);
    return read(post);
  };
  /** Settles the post, as a sweeper does each second. */
  const settleOnce = (post: { id: string }) =>
    api.ctx.db.query(
      `UPDATE post SET status = CASE WHEN EXISTS (SELECT FROM delivery WHERE post_id = $1 AND status = 'published')
                                     THEN 'partially_published' ELSE 'failed' END::post_status
       WHERE id = $1 AND NOT EXISTS (SELECT FROM delivery WHERE post_id = $1 AND status IN ('pending', 'publishing'))`,
      [post.id],
    );
  type Ended = {
    id: string;
    revision: number;
    deliveries: { id: string; platform: string; status: string }[];
  };
  const deliveryOn = (post: Ended, platform = 'x') => {
    const delivery = post.deliveries.find((each) => each.platform === platform);
    if (!delivery) throw new Error(`no delivery on ${platform}`);
    return delivery;
  };
  const resolve = (post: Ended, body: object, headers = {}, delivery = deliveryOn(post)) =>
    api.request('POST', `/posts/${post.id}/deliveries/${delivery.id}/resolve`, body, headers);
  const url = 'https://x.com/demo/status/1';
  const ledgerOf = async (post: Ended) =>
    api.ctx.db.query<Record<string, unknown>>(
      `SELECT a.fence, a.worker, a.trigger, a.outcome, a.detail, a.ended_at IS NOT NULL AS closed, d.fence AS current
       FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.id = $1 ORDER BY a.fence DESC LIMIT 1`,
      [deliveryOn(post).id],
    );

  it('200 published: the delivery and its post are published, at the time of sending', async () => {
    const post = await endedPost({ x: 'uncertain', linkedin: 'published' });
    expect(post.status).toBe('partially_published');
    const answer = await resolve(post, { outcome: 'published', url });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'published', revision: post.revision + 1 });
    expect(answer.headers['etag']).toMatch(new RegExp(`^"${post.revision + 1}-`));
    const delivery = answer.body.deliveries.find((each: { platform: string }) => each.platform === 'x');
    expect(delivery).toMatchObject({ status: 'published', remoteId: null, remoteUrl: url, failure: null });
    const agoMs = Date.now() - Date.parse(delivery.publishedAt);
    expect(agoMs).toBeGreaterThan(59_000);
    expect(await read(post)).toEqual(answer.body);
    expect(await ledgerOf(post)).toEqual([
      {
        fence: 2,
        worker: 'person',
        trigger: 'person',
        outcome: 'published',
        detail: 'a person said that it is out',
        closed: true,
        current: 2,
      },
    ]);
  });

  it('200 published without a URL: the post is partially published where another delivery has failed', async () => {
    const post = await endedPost({ x: 'uncertain', linkedin: 'failed' });
    const answer = await resolve(post, { outcome: 'published' });
    expect(answer.body.status).toBe('partially_published');
    expect(answer.body.publishedAt).not.toBeNull();
  });

  it('200 not_published: the delivery fails with a reason, and can be retried from the start', async () => {
    const post = await endedPost({ x: 'uncertain' });
    expectProblem(await api.request('POST', `/posts/${post.id}/retry`), 409, 'nothing_to_retry');
    const answer = await resolve(post, { outcome: 'not_published' });
    expect(answer.body.status).toBe('failed');
    expect(answer.body.deliveries[0]).toMatchObject({
      status: 'failed',
      publishedAt: null,
      failure: {
        kind: 'unknown',
        actor: 'user',
        reason: 'You said that it did not go out.',
        platformMessage: null,
      },
    });
    expect(await ledgerOf(post)).toMatchObject([
      { fence: 2, trigger: 'person', outcome: 'failed', current: 2 },
    ]);
    expect((await api.request('POST', `/posts/${post.id}/retry`)).status).toBe(202);
    const [row] = await api.ctx.db.query('SELECT status, sending_at FROM delivery WHERE post_id = $1', [
      post.id,
    ]);
    // With `sending_at` set, a worker would look the post up instead of sending it.
    expect(row).toEqual({ status: 'pending', sending_at: null });
    expectProblem(await resolve(post, { outcome: 'not_published' }), 409, 'nothing_to_resolve');
  });

  it.each([[{ outcome: 'published', url }], [{ outcome: 'not_published' }]])(
    '200 again for the same answer, also with the If-Match of the first call: %j',
    async (word) => {
      const post = await endedPost({ x: 'uncertain' });
      const headers = { 'if-match': `"${post.revision}"` };
      const first = await resolve(post, word, headers);
      const again = await resolve(post, word, headers);
      expect([again.status, again.body]).toEqual([200, first.body]);
      expect(await ledgerOf(post)).toMatchObject([{ fence: 2 }]);
    },
  );

  it('409 for the opposite answer, for another URL, and for a delivery that was never uncertain', async () => {
    const post = await endedPost({ x: 'uncertain', linkedin: 'publishing' });
    expectProblem(
      await resolve(post, { outcome: 'published' }, {}, deliveryOn(post, 'linkedin')),
      409,
      'nothing_to_resolve',
    );
    expect((await resolve(post, { outcome: 'published', url })).status).toBe(200);
    const other = await resolve(post, { outcome: 'not_published' });
    expectProblem(other, 409, 'nothing_to_resolve');
    expect(other.body.detail).toMatch(/published/);
    expectProblem(await resolve(post, { outcome: 'published', url: `${url}2` }), 409, 'nothing_to_resolve');
  });

  it('200 for exactly one of two opposite answers at once, and that answer is stored', async () => {
    for (let round = 0; round < 6; round += 1) {
      const post = await endedPost({ x: 'uncertain' });
      const [yes, no] = await Promise.all([
        resolve(post, { outcome: 'published' }),
        resolve(post, { outcome: 'not_published' }),
      ]);
      expect([yes.status, no.status].sort()).toEqual([200, 409]);
      expect((await read(post)).status).toBe(yes.status === 200 ? 'published' : 'failed');
    }
  });

  it('200 for two deliveries of one post at once: the post shows both answers', async () => {
    const post = await endedPost({ x: 'uncertain', linkedin: 'uncertain' });
    const answers = await Promise.all([
      resolve(post, { outcome: 'published' }),
      resolve(post, { outcome: 'published' }, {}, deliveryOn(post, 'linkedin')),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await read(post)).status).toBe('published');
  });

  it('200 while another delivery is in progress: the post stays publishing', async () => {
    const post = await endedPost({ x: 'uncertain', linkedin: 'publishing' });
    const answer = await resolve(post, { outcome: 'published' });
    expect(answer.body.status).toBe('publishing');
  });

  it('409 not_published while an earlier worker’s call may still be in progress; 200 afterwards', async () => {
    const post = await endedPost({ x: 'uncertain' });
    const deadline = (ms: number) =>
      api.ctx.db.query(
        `UPDATE delivery SET sending_deadline_at = now() + make_interval(secs => $2::float8 / 1000) WHERE id = $1`,
        [deliveryOn(post).id, ms],
      );
    await deadline(60_000);
    expectProblem(await resolve(post, { outcome: 'not_published' }), 409, 'being_sent');
    expect(await read(post)).toEqual(post);
    // No new call can start after the deadline, but one that started before it may take half a minute.
    await deadline(-1_000);
    expect((await resolve(post, { outcome: 'not_published' })).status).toBe(409);
    await deadline(-31_000);
    expect((await resolve(post, { outcome: 'not_published' })).status).toBe(200);
  });

  it('412 for an older revision, without a change', async () => {
    const post = await endedPost({ x: 'uncertain' });
    const stale = { 'if-match': `"${post.revision + 7}"` };
    expectProblem(await resolve(post, { outcome: 'published' }, stale), 412, 'revision_mismatch');
    expect(await read(post)).toEqual(post);
  });

  it("404 for an unknown delivery, and for another organization's", async () => {
    const post = await endedPost({ x: 'uncertain' });
    const another = await endedPost({ x: 'uncertain' });
    const word = { outcome: 'published' };
    expectProblem(await resolve(post, word, {}, deliveryOn(another)), 404, 'delivery_not_found');
    await api.ctx.db.query(`INSERT INTO organization (id, name, slug) VALUES ('their', 'Their', 'their')`);
    await api.ctx.db.query(`UPDATE post SET organization_id = 'their' WHERE id = $1`, [another.id]);
    expectProblem(await resolve(another, word), 404, 'post_not_found');
    const [row] = await api.ctx.db.query('SELECT status FROM delivery WHERE post_id = $1', [another.id]);
    expect(row).toEqual({ status: 'uncertain' });
  });

  it.each([
    [{ outcome: 'perhaps' }],
    [{}],
    [{ outcome: 'not_published', url }],
    [{ outcome: 'published', url: 'javascript:alert(1)' }],
    [{ outcome: 'published', url: 'https://x.com/a\u0000b' }],
  ])('400 refuses %j', async (body) => {
    const post = await endedPost({ x: 'uncertain' });
    expectProblem(await resolve(post, body), 400, 'invalid_request');
  });
});

describe('lateLimitMinutes', () => {
  it('201 stores it, and it is null by default', async () => {
    expect(await draft({})).toMatchObject({ lateLimitMinutes: null });
    const post = await draft({ lateLimitMinutes: 90 });
    expect(post.lateLimitMinutes).toBe(90);
    expect(await read(post)).toEqual(post);
  });

  it('200 an edit changes it with a new revision, and only when the value differs', async () => {
    const post = await draft({ lateLimitMinutes: 90, platforms: ['x'] });
    const edit = async (body: object) => (await api.request('PATCH', `/posts/${post.id}`, body)).body;
    await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(3600) });
    expect(await edit({ lateLimitMinutes: 5 })).toMatchObject({
      status: 'scheduled',
      lateLimitMinutes: 5,
      revision: 3,
      scheduleJobId: `post-${post.id}-r3`,
    });
    expect(await edit({ lateLimitMinutes: 5 })).toMatchObject({ lateLimitMinutes: 5, revision: 3 });
    expect(await edit({ text: 'Other' })).toMatchObject({ lateLimitMinutes: 5, revision: 4 });
    expect(await edit({ lateLimitMinutes: null })).toMatchObject({ lateLimitMinutes: null, revision: 5 });
    const at = { scheduledAt: secondsAhead(7200) };
    await edit({ lateLimitMinutes: 7 });
    const moved = await api.request('PUT', `/posts/${post.id}/schedule`, at);
    expect(moved.body).toMatchObject({ lateLimitMinutes: 7 });
    expect(await read(post)).toEqual(moved.body);
  });

  it.each([0, 10_081, 1.5, '60'])('400 refuses %j', async (lateLimitMinutes) => {
    const answer = await api.request('POST', '/posts', { text: 'a', lateLimitMinutes });
    expectProblem(answer, 400, 'invalid_request', '/lateLimitMinutes');
  });
});
