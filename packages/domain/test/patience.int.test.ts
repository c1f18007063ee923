import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// How long a platform may keep a delivery waiting: a day from its first try, whenever it was due.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
});
afterAll(() => app.close());

const A_WEEK = 7 * 24 * 60;

const askToWait = (seconds: number) =>
  app.sandbox('POST', '/faults', {
    platform: 'x',
    step: 'publish',
    fault: 'rate-limited',
    times: 1,
    retryAfterSeconds: seconds,
  });
/** As if every worker had been away since then. */
const overdue = async (hours: number, text: string) => {
  const content = { text, platforms: ['x'], lateLimitMinutes: A_WEEK };
  const post = (await app.request('POST', '/posts', content)).body as { id: string };
  const scheduledAt = secondsAhead(3600);
  expect((await app.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt })).status).toBe(200);
  await app.ctx.db.query(
    `UPDATE post SET scheduled_at = now() - make_interval(hours => $2::int) WHERE id = $1`,
    [post.id, hours],
  );
  return post;
};
const attemptsOf = async (post: { id: string }) => {
  const rows = await app.ctx.db.query<{ outcome: string | null }>(
    `SELECT a.outcome FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.post_id = $1 ORDER BY a.fence`,
    [post.id],
  );
  return rows.map(({ outcome }) => outcome);
};
const ended = (post: { id: string }) =>
  eventually(
    async () => (await app.request('GET', `/posts/${post.id}`)).body,
    (now) => ['published', 'failed'].includes(now.status),
    'the post ends',
  );

it('a post that was first tried late is waited for like any other', async () => {
  await askToWait(2);
  const post = await overdue(30, 'Late, and asked to wait');
  expect((await ended(post)).status).toBe('published');
  expect(await attemptsOf(post)).toEqual(['wait_until', 'published']);
});

it('a day after its first try it is given up, and a person who tries again starts anew', async () => {
  await askToWait(3600);
  const post = await overdue(30, 'Late, and asked to wait for too long');
  await eventually(
    () => attemptsOf(post),
    ([first]) => first === 'wait_until',
    'the platform asks to wait',
  );
  await askToWait(3600);
  await app.ctx.db.query(
    `WITH d AS (UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1 RETURNING id)
     UPDATE attempt SET started_at = now() - interval '1 day' FROM d WHERE delivery_id = d.id`,
    [post.id],
  );
  const failed = await ended(post);
  expect(failed.deliveries[0]).toMatchObject({ status: 'failed', failure: { kind: 'rate_limited' } });
  expect(failed.deliveries[0].failure.reason).toMatch(/waiting for more than a day/);

  await askToWait(2);
  expect((await app.request('POST', `/posts/${post.id}/retry`)).status).toBe(202);
  expect((await ended(post)).status).toBe('published');
  expect(await attemptsOf(post)).toEqual(['wait_until', 'failed', 'wait_until', 'published']);
});
