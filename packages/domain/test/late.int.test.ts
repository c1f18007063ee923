import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A worker comes back after it was away: posts that are later than they may be do not go out any more.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const overdue = async (text: string, lateLimitMinutes: number | null, lateByMinutes: number) => {
  const content = { text, platforms: ['linkedin'], lateLimitMinutes };
  const post = (await app.request('POST', '/posts', content)).body;
  await app.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(3600) });
  await app.ctx.db.query(`UPDATE post SET scheduled_at = now() - make_interval(mins => $2) WHERE id = $1`, [
    post.id,
    lateByMinutes,
  ]);
  return post as { id: string };
};
const ended = ({ id }: { id: string }) =>
  eventually(
    async () => (await app.request('GET', `/posts/${id}`)).body,
    (post) => ['published', 'failed'].includes(post.status),
    'the post ends',
  );

it('a post later than it may be fails, others go out, and a retry by the author sends the failed one', async () => {
  const expiredBefore = await overdue('Good morning', 30, 45);
  const withinDefault = await overdue('Still of interest', null, 23 * 60);
  const beyondDefault = await overdue('Of last week', null, 25 * 60);
  await app.startWorker();

  expect((await ended(withinDefault)).status).toBe('published');
  expect((await ended(beyondDefault)).status).toBe('failed');
  const failed = await ended(expiredBefore);
  expect(failed.status).toBe('failed');
  expect(failed.deliveries[0].failure).toMatchObject({ kind: 'unavailable', actor: 'operator' });
  expect(failed.deliveries[0].failure.reason).toMatch(/45 minutes late.*30 minutes late at most/);
  const texts = async () => (await app.publicPosts('linkedin')).map(({ text }) => text);
  expect(await texts()).toEqual(['Still of interest']);

  expect((await app.request('POST', `/posts/${expiredBefore.id}/retry`)).status).toBe(202);
  expect((await ended(expiredBefore)).status).toBe('published');
  expect((await texts()).filter((text) => text === 'Good morning')).toHaveLength(1);
});
