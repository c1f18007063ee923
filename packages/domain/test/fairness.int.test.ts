import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A noisy account and a quiet one on the same platform. What counts is the order of the posts at the sandbox, not the time.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  // A small budget would slow the noisy account down, and hide what the queue positions do.
  app.ctx.settings.rates['x'] = { account: { max: 10_000, perSeconds: 60 } };
  await app.sandbox('POST', '/latency', { platform: 'x', ms: 200 });
});
afterAll(() => app.close());

const NOISY_POSTS = 300;

const connect = async (handle: string) => {
  const answer = await app.request('POST', '/channels', { platform: 'x', handle });
  expect(answer.status).toBe(201);
  return answer.body.id as string;
};

it('the only post of one account goes out while many of 300 of another, fired before it, still wait', async () => {
  const [noisy, quiet] = [await connect('noisy'), await connect('quiet')];
  await app.ctx.db.query(
    `WITH written AS (
       INSERT INTO post (organization_id, text, status) SELECT $1, 'Noise ' || n, 'publishing'
       FROM generate_series(1, $2::int) AS n RETURNING id
     )
     INSERT INTO delivery (post_id, channel_id, platform, due_at, next_attempt_at, turn_at)
     SELECT id, $3, 'x', now(), now(), now() FROM written`,
    [app.organizationId, NOISY_POSTS, noisy],
  );
  await app.startWorker();
  await eventually(
    () => app.publicPosts('x'),
    (posts) => posts.length > 0,
    'the first of them are public',
  );
  const single = (await app.request('POST', '/posts', { text: 'The only one', channelIds: [quiet] })).body;
  expect((await app.request('POST', `/posts/${single.id}/publish`)).status).toBe(202);
  const posts = await eventually(
    () => app.publicPosts('x'),
    (shown) => shown.length === NOISY_POSTS + 1,
    'all are public',
  );
  const handles = posts.map(({ account }) => account).reverse();
  expect(handles.filter((handle) => handle === 'quiet')).toHaveLength(1);
  expect(NOISY_POSTS - handles.indexOf('quiet')).toBeGreaterThan(NOISY_POSTS / 3);
}, 120_000);
