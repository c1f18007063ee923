import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jpeg, startSandbox, startWeb, type Reply, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
let web: Awaited<ReturnType<typeof startWeb>>;
let userId: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  web = await startWeb();
  userId = await sandbox.idOf('instagram', 'ann');
});
afterAll(async () => {
  await sandbox.close();
  await web.close();
});
beforeEach(() => sandbox.control('reset', {}));

const get = (path: string, account = 'ann') => sandbox.send(`/instagram/${path}`, { account });
const post = (path: string, json: unknown, account = 'ann') =>
  sandbox.send(`/instagram/${path}`, { account, json });
const photo = () => `${web.url}/photo.jpg`;

async function createContainer(caption = 'Hello'): Promise<string> {
  const reply = await post(`${userId}/media`, { image_url: photo(), caption });
  expect(reply.status).toBe(200);
  return reply.json.id;
}
const statusOf = async (id: string) => (await get(`${id}?fields=status_code,status`)).json.status_code;
async function createReadyContainer(caption = 'Hello'): Promise<string> {
  const id = await createContainer(caption);
  await statusOf(id);
  return id;
}
const publish = (creationId: string) => post(`${userId}/media_publish`, { creation_id: creationId });
const codesOf = (reply: Reply) => [reply.status, reply.json.error.code, reply.json.error.error_subcode];

describe('Instagram: the account', () => {
  it('200 gives user_id and username, with or without a version, by header or by parameter', async () => {
    const reply = await get('me?fields=user_id,username');
    expect(reply.json).toEqual({ id: userId, user_id: userId, username: 'ann' });
    expect(userId).toMatch(/^\d{17}$/);
    expect((await get('v25.0/me?fields=username')).json.username).toBe('ann');
    const byParameter = await sandbox.send('/instagram/me?fields=username&access_token=sandbox-ann');
    expect(byParameter.json.username).toBe('ann');
  });

  it('400 code 190 for a token that is not one', async () => {
    const reply = await sandbox.send('/instagram/me', { token: 'other' });
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatchObject({ type: 'OAuthException', code: 190 });
  });

  it('tells its usage in percent on every answer', async () => {
    const reply = await get('me');
    expect(JSON.parse(reply.headers.get('x-app-usage') ?? '')).toHaveProperty('call_count');
  });
});

describe('Instagram: containers', () => {
  it('are IN_PROGRESS for as many polls as set, then FINISHED, and PUBLISHED after that', async () => {
    await sandbox.control('settings', { platform: 'instagram', pollsUntilReady: 2 });
    const id = await createContainer();
    expect([await statusOf(id), await statusOf(id), await statusOf(id)]).toEqual([
      'IN_PROGRESS',
      'IN_PROGRESS',
      'FINISHED',
    ]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toEqual([]);
    expect((await publish(id)).status).toBe(200);
    expect(await statusOf(id)).toBe('PUBLISHED');
  });

  it('take a form as well as JSON', async () => {
    const body = new URLSearchParams({ image_url: photo(), caption: 'By form' });
    const reply = await sandbox.send(`/instagram/v25.0/${userId}/media`, { account: 'ann', body });
    expect(reply.status).toBe(200);
  });

  it.each([
    ['a text alone', () => ({ caption: 'Only words' }), [400, 100, undefined]],
    ['an image that is not there', () => ({ image_url: `${web.url}/nothing.jpg` }), [400, 9004, 2207052]],
    ['a server that is not there', () => ({ image_url: 'http://127.0.0.1:1/a.jpg' }), [400, 9004, 2207052]],
    ['a URL that is not HTTP', () => ({ image_url: 'file:///etc/hostname' }), [400, 9004, 2207052]],
    ['an image that is not JPEG', () => ({ image_url: `${web.url}/drawing.png` }), [400, 36001, 2207005]],
    ['an image above 8 MB', () => ({ image_url: `${web.url}/huge.jpg` }), [400, 36000, 2207004]],
    [
      'a caption above 2,200',
      () => ({ image_url: photo(), caption: 'a'.repeat(2201) }),
      [400, 36004, 2207010],
    ],
    ['31 hashtags', () => ({ image_url: photo(), caption: '#a '.repeat(31) }), [400, 36004, 2207010]],
    [
      'a long alternative text',
      () => ({ image_url: photo(), alt_text: 'a'.repeat(1001) }),
      [400, 100, undefined],
    ],
  ])('are refused for %s', async (_name, parameters, codes) => {
    const reply = await post(`${userId}/media`, parameters());
    expect(codesOf(reply)).toEqual(codes);
    expect(reply.json.error).toMatchObject({ type: 'OAuthException', is_transient: false });
  });

  it('belong to their account', async () => {
    const id = await createReadyContainer();
    expect(codesOf(await get(id, 'bob'))).toEqual([400, 100, 33]);
    const theirs = await sandbox.idOf('instagram', 'bob');
    expect(codesOf(await post(`${theirs}/media_publish`, { creation_id: id }, 'bob'))).toEqual([
      400, 24, 2207006,
    ]);
    expect(codesOf(await post(`${userId}/media`, { image_url: photo() }, 'bob'))).toEqual([400, 100, 33]);
  });

  it('400 code 9 when the containers of 24 hours are used up, until the first is a day old', async () => {
    await sandbox.control('settings', { platform: 'instagram', containersPerDay: 1 });
    await createContainer();
    expect(codesOf(await post(`${userId}/media`, { image_url: photo() }))).toEqual([400, 9, 2207042]);
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 + 1000 });
    await createContainer();
  });
});

describe('Instagram: publishing', () => {
  it('200 makes the container public; its permalink goes by a shortcode, not by the id', async () => {
    const id = (await publish(await createReadyContainer('Caption'))).json.id;
    const [shown] = await sandbox.publicPosts('instagram', 'ann');
    expect(shown).toMatchObject({ id, text: 'Caption', mediaCount: 1 });
    const media = (await get(`${id}?fields=permalink,shortcode,timestamp,caption`)).json;
    expect(media.permalink).toBe(`https://www.instagram.com/p/${media.shortcode}/`);
    expect(media.permalink).toBe(shown.url);
    expect(media.shortcode).not.toBe(id);
    expect(media.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
  });

  it('400 for a container that is not ready, unknown, missing, expired or broken', async () => {
    expect(codesOf(await publish(await createContainer()))).toEqual([400, 9007, 2207027]);
    expect(codesOf(await publish('1'))).toEqual([400, 24, 2207008]);
    expect(codesOf(await post(`${userId}/media_publish`, {}))).toEqual([400, 100, undefined]);
    const old = await createReadyContainer();
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 });
    expect(await statusOf(old)).toBe('EXPIRED');
    expect(codesOf(await publish(old))).toEqual([400, -2, 2207020]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toEqual([]);
  });

  it('makes two posts of one container that is published twice, so that nobody relies on the opposite', async () => {
    const id = await createReadyContainer();
    await publish(id);
    await publish(id);
    expect(await sandbox.publicPosts('instagram', 'ann')).toHaveLength(2);
  });

  it('counts against a rolling quota that can be read', async () => {
    await sandbox.control('settings', { platform: 'instagram', quotaTotal: 1 });
    await publish(await createReadyContainer());
    const quota = await get(`${userId}/content_publishing_limit?fields=quota_usage,config`);
    expect(quota.json.data).toEqual([{ quota_usage: 1, config: { quota_total: 1, quota_duration: 86_400 } }]);
    expect(codesOf(await publish(await createReadyContainer()))).toEqual([400, 9, 2207042]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toHaveLength(1);
  });
});

describe('Instagram: reading', () => {
  it('lists the newest first, in pages, with the fields asked for; captions may repeat', async () => {
    const ids: string[] = [];
    for (const caption of ['Same', 'Same', 'Other']) {
      ids.unshift((await publish(await createReadyContainer(caption))).json.id);
    }
    const list = await get(`${userId}/media?fields=id,caption&limit=2`);
    expect(list.json.data).toEqual([
      { id: ids[0], caption: 'Other' },
      { id: ids[1], caption: 'Same' },
    ]);
    const rest = await get(`${userId}/media?limit=2&after=${list.json.paging.cursors.after}`);
    expect(rest.json.data).toEqual([{ id: ids[2] }]);
  });

  it('400 code 100 for an object or a field that does not exist', async () => {
    expect(codesOf(await get('123'))).toEqual([400, 100, 33]);
    expect(codesOf(await get('me?fields=colour'))).toEqual([400, 100, undefined]);
    expect(codesOf(await get(`${await createContainer()}?fields=permalink`))).toEqual([400, 100, undefined]);
  });

  it('serves the image that it fetched', async () => {
    await publish(await createReadyContainer());
    const [{ media }] = await sandbox.publicPosts('instagram', 'ann');
    const image = await fetch(media[0].url);
    expect(image.headers.get('content-type')).toBe('image/jpeg');
    expect(Buffer.from(await image.arrayBuffer()).equals(jpeg)).toBe(true);
  });
});
