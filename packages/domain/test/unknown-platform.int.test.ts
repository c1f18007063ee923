import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { startPublishing } from '../src/worker/start-publishing.ts';

// A rolling deploy: workers of an older build run beside the API and the workers of a newer one.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const publish = async (text: string) => {
  const post = (await app.request('POST', '/posts', { text, platforms: ['x', 'linkedin'] })).body;
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post as { id: string };
};
const deliveryOf = async (post: { id: string }, platform: string) => {
  const { deliveries } = (await app.request('GET', `/posts/${post.id}`)).body;
  return deliveries.find((delivery: { platform: string }) => delivery.platform === platform);
};
const isPublished = (post: { id: string }, platform: string) =>
  eventually(
    () => deliveryOf(post, platform),
    ({ status }) => status === 'published',
    `it is published on ${platform}`,
  );
const timesPublic = async (text: string) =>
  (await app.publicPosts('linkedin')).filter((post) => post.text === text).length;

describe('a delivery to a platform that a worker does not know', () => {
  it('is left to a worker that knows it', async () => {
    const older = await startPublishing(app.ctx, { worker: 'older', platforms: ['x'], concurrency: 5 });
    const post = await publish('Left alone');
    await isPublished(post, 'x');
    // The older worker's sweepers have looked at the rows once more, and at what is due among them.
    const later = await publish('Later');
    await isPublished(later, 'x');
    await older.stop({ timeoutMs: 10_000 });
    expect(await deliveryOf(post, 'linkedin')).toMatchObject({
      status: 'pending',
      attempts: 0,
      failure: null,
    });

    const newer = await app.startWorker();
    await isPublished(post, 'linkedin');
    expect(await timesPublic('Left alone')).toBe(1);
    await newer.stop({ timeoutMs: 10_000 });
  });

  it('waits when it was claimed all the same, uses up no try, and goes out when a worker knows it', async () => {
    const forgetful = {
      ...app.ctx,
      findPublisher: (id: string) => (id === 'linkedin' ? undefined : app.ctx.findPublisher(id)),
    };
    const options = { worker: 'forgetful', platforms: app.ctx.platforms, concurrency: 5 };
    const older = await startPublishing(forgetful, options);
    const post = await publish('Claimed in vain');
    const waiting = await eventually(
      () => deliveryOf(post, 'linkedin'),
      ({ failure }) => failure !== null,
      'it has been claimed',
    );
    await older.stop({ timeoutMs: 10_000 });
    expect(waiting).toMatchObject({
      status: 'pending',
      attempts: 0,
      failure: { kind: 'misconfigured', actor: 'operator' },
    });
    expect(Date.parse(waiting.nextAttemptAt)).toBeGreaterThan(Date.now());

    await app.ctx.db.query(
      `UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1 AND status = 'pending'`,
      [post.id],
    );
    await app.startWorker();
    await isPublished(post, 'linkedin');
    expect(await timesPublic('Claimed in vain')).toBe(1);
  });
});
