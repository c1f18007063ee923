import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A platform's budget counts public calls. An attempt that makes none takes no token from it.

let app: TestApp;
let mediaId: string;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
  mediaId = (await app.upload('launch.jpg', await demoImage())).body.id;
});
afterAll(() => app.close());
beforeEach(() => app.ctx.db.query('DELETE FROM rate_bucket'));

const failUploads = (fault: string, times: number) =>
  app.sandbox('POST', '/faults', { platform: 'linkedin', step: 'upload', fault, times });
const publish = async (text: string) => {
  const content = { text, mediaIds: [mediaId], platforms: ['linkedin'] };
  const post = (await app.request('POST', '/posts', content)).body;
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return eventually(
    async () => (await app.request('GET', `/posts/${post.id}`)).body,
    (now) => now.status !== 'publishing',
    'the post ends',
  );
};
const taken = async () => {
  const rows = await app.ctx.db.query<{ key: string; tokens: number }>(
    `SELECT split_part(key, ':', 1) AS key, capacity - tokens AS tokens FROM rate_bucket ORDER BY key`,
  );
  return Object.fromEntries(rows.map(({ key, tokens }) => [key, tokens]));
};

it('tries that fail before the public call take no token, and the one that makes it takes one', async () => {
  await failUploads('5xx-before-commit', 2);
  const post = await publish('Third time lucky');
  expect(post).toMatchObject({ status: 'published', deliveries: [{ attempts: 3 }] });
  expect(await taken()).toEqual({ account: 1, platform: 1 });
});

it('a delivery that is refused before the public call takes no token', async () => {
  await failUploads('rejected', 1);
  expect((await publish('Never sent')).status).toBe('failed');
  expect(await taken()).toEqual({});
});

it('an account keeps its token when the budget of its whole platform is empty', async () => {
  app.ctx.settings.rates['linkedin'] = { platform: { max: 1, perSeconds: 3600 } };
  try {
    expect((await publish('The only one this hour')).status).toBe('published');
    expect(await taken()).toMatchObject({ account: 1 });
    const content = { text: 'One too many', mediaIds: [mediaId], platforms: ['linkedin'] };
    const post = (await app.request('POST', '/posts', content)).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    const waiting = await eventually(
      async () => (await app.request('GET', `/posts/${post.id}`)).body.deliveries[0],
      (delivery) => delivery.failure !== null,
      'it waits for the budget',
    );
    expect(waiting).toMatchObject({ status: 'pending', failure: { kind: 'rate_limited' } });
    const { account } = await taken();
    expect(account).toBeLessThanOrEqual(1);
  } finally {
    delete app.ctx.settings.rates['linkedin'];
  }
});
