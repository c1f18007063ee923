import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A platform that is down for everybody, with a worker: it is paused, the others are not, and nothing is lost.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
});
afterAll(() => app.close());

const publish = async (content: object) => {
  const post = (await app.request('POST', '/posts', content)).body;
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post.id as string;
};
const isPublished = (id: string) =>
  eventually(
    async () => (await app.request('GET', `/posts/${id}`)).body.status as string,
    (status) => status === 'published',
    'the post is published',
    90_000,
  );

const pausedPlatforms = () =>
  app.ctx.db.query<{ platform: string; reason: string }>(
    'SELECT platform, reason FROM platform_circuit WHERE paused_until IS NOT NULL',
  );

it('a platform that fails three accounts is paused, the others are not, and once it is back every post goes out once', async () => {
  for (const step of ['lookup', 'publish']) {
    const fault = { platform: 'x', step, fault: '5xx-before-commit', status: 503, times: 1_000_000 };
    await app.sandbox('POST', '/faults', fault);
  }
  const texts = ['ada', 'ben', 'cleo'].map((handle) => `The word of ${handle}`);
  const ids: string[] = [];
  for (const handle of ['ada', 'ben', 'cleo']) {
    const channel = await app.request('POST', '/channels', { platform: 'x', handle });
    ids.push(await publish({ text: `The word of ${handle}`, channelIds: [channel.body.id] }));
  }
  await eventually(
    () => pausedPlatforms(),
    ([paused]) => paused?.platform === 'x' && paused.reason.includes('503'),
    'X is paused',
  );
  await isPublished(await publish({ text: 'Elsewhere', platforms: ['linkedin'] }));
  const stillPaused = await pausedPlatforms();
  expect(stillPaused.map(({ platform }) => platform)).toEqual(['x']);
  expect(await app.publicPosts('x')).toEqual([]);

  await app.sandbox('DELETE', '/faults');
  for (const id of ids) await isPublished(id);
  expect((await app.publicPosts('x')).map(({ text }) => text).sort()).toEqual(texts);
  await eventually(
    () => pausedPlatforms(),
    (paused) => paused.length === 0,
    'X is served as before',
  );
}, 150_000);

it('accounts on one Mastodon server that is down pause only that server: those on another publish meanwhile', async () => {
  const handles = ['ada', 'ben', 'cleo'];
  const downIds: string[] = [];
  for (const handle of handles) {
    const channel = await app.request('POST', '/channels', { platform: 'mastodon', handle });
    // For us this is another server than the demo account's; the sandbox is behind both.
    await app.ctx.db.query(`UPDATE channel SET server = 'https://down.example' WHERE id = $1`, [
      channel.body.id,
    ]);
    for (const step of ['lookup', 'publish', 'identity']) {
      const fault = { step, fault: '5xx-before-commit', status: 503, times: 1_000_000 };
      await app.sandbox('POST', '/faults', { platform: 'mastodon', account: handle, ...fault });
    }
    downIds.push(await publish({ text: `On the other server: ${handle}`, channelIds: [channel.body.id] }));
  }
  const paused = () =>
    app.ctx.db.query('SELECT platform, endpoint FROM platform_circuit WHERE paused_until IS NOT NULL');
  const [only] = await eventually(paused, (rows) => rows.length > 0, 'the server is paused');
  expect(only).toEqual({ platform: 'mastodon', endpoint: 'sandbox https://down.example' });
  await isPublished(await publish({ text: 'On a healthy server', channelIds: [app.channelOn('mastodon')] }));
  expect(await paused()).toHaveLength(1);
  await app.sandbox('DELETE', '/faults');
  for (const id of downIds) await isPublished(id);
}, 150_000);
