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
  it('200 returns user_id and username, with or without a version, with the token as header or parameter', async () => {
    const reply = await get('me?fields=user_id,username');
    expect(reply.json).toEqual({ id: userId, user_id: userId, username: 'ann' });
    expect(userId).toMatch(/^\d{17}$/);
    expect((await get('v25.0/me?fields=username')).json.username).toBe('ann');
    const byParameter = await sandbox.send('/instagram/me?fields=username&access_token=sandbox-ann');
    expect(byParameter.json.username).toBe('ann');
  });

  it('400 code 190 for an unknown token', async () => {
    const reply = await sandbox.send('/instagram/me', { token: 'other' });
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatchObject({ type: 'OAuthException', code: 190 });
  });

  it('has its usage in percent on every answer', async () => {
    const reply = await get('me');
    expect(JSON.parse(reply.headers.get('x-app-usage') ?? '')).toHaveProperty('call_count');
  });
});

describe('Instagram: containers', () => {
  it('are IN_PROGRESS for the configured number of polls, then FINISHED, and PUBLISHED after publishing', async () => {
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

  it('can be created from a form and from JSON', async () => {
    const body = new URLSearchParams({ image_url: photo(), caption: 'By form' });
    const reply = await sandbox.send(`/instagram/v25.0/${userId}/media`, { account: 'ann', body });
    expect(reply.status).toBe(200);
  });

  it.each([
    ['a text alone', () => ({ caption: 'Only words' }), [400, 100, undefined]],
    ['a missing image', () => ({ image_url: `${web.url}/nothing.jpg` }), [400, 9004, 2207052]],
    ['an unreachable server', () => ({ image_url: 'http://127.0.0.1:1/a.jpg' }), [400, 9004, 2207052]],
    ['a URL that is not HTTP', () => ({ image_url: 'file:///etc/hostname' }), [400, 9004, 2207052]],
    ['an image that is not JPEG', () => ({ image_url: `${web.url}/drawing.png` }), [400, 36001, 2207005]],
    ['an image taller than 3:4', () => ({ image_url: `${web.url}/taller.jpg` }), [400, 36003, 2207009]],
    ['an image wider than 1.91:1', () => ({ image_url: `${web.url}/wider.jpg` }), [400, 36003, 2207009]],
    ['an unknown media type', () => ({ media_type: 'IGTV', video_url: photo() }), [400, 100, undefined]],
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

  it.each(['3x4', '4x5', '191x100'])('accept an image at a limit of the ratio: %s', async (name) => {
    const reply = await post(`${userId}/media`, { image_url: `${web.url}/${name}.jpg` });
    expect(reply.status).toBe(200);
  });

  it('cannot be read or published by another account', async () => {
    const id = await createReadyContainer();
    expect(codesOf(await get(id, 'bob'))).toEqual([400, 100, 33]);
    const theirs = await sandbox.idOf('instagram', 'bob');
    expect(codesOf(await post(`${theirs}/media_publish`, { creation_id: id }, 'bob'))).toEqual([
      400, 24, 2207006,
    ]);
    expect(codesOf(await post(`${userId}/media`, { image_url: photo() }, 'bob'))).toEqual([400, 100, 33]);
  });

  it('are refused with code 9 above the limit of 24 hours, until the first is a day old', async () => {
    await sandbox.control('settings', { platform: 'instagram', containersPerDay: 1 });
    await createContainer();
    expect(codesOf(await post(`${userId}/media`, { image_url: photo() }))).toEqual([400, 9, 2207042]);
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 + 1000 });
    await createContainer();
  });
});

describe('Instagram: publishing', () => {
  it('200 publishes the container; its permalink has a shortcode, not the id', async () => {
    const id = (await publish(await createReadyContainer('Caption'))).json.id;
    const [shown] = await sandbox.publicPosts('instagram', 'ann');
    expect(shown).toMatchObject({ id, text: 'Caption', mediaCount: 1 });
    const media = (await get(`${id}?fields=permalink,shortcode,timestamp,caption`)).json;
    expect(media.permalink).toBe(`${sandbox.url}/instagram/p/${media.shortcode}/`);
    expect(media.permalink).toBe(shown.url);
    expect(media.shortcode).not.toBe(id);
    expect(media.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
  });

  it('400 for a container that is not ready, unknown, missing, expired or failed', async () => {
    expect(codesOf(await publish(await createContainer()))).toEqual([400, 9007, 2207027]);
    expect(codesOf(await publish('1'))).toEqual([400, 24, 2207008]);
    expect(codesOf(await post(`${userId}/media_publish`, {}))).toEqual([400, 100, undefined]);
    const old = await createReadyContainer();
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 });
    expect(await statusOf(old)).toBe('EXPIRED');
    expect(codesOf(await publish(old))).toEqual([400, -2, 2207020]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toEqual([]);
  });

  it('makes two posts of one container that is published twice, the worst case', async () => {
    const id = await createReadyContainer();
    await publish(id);
    await publish(id);
    expect(await sandbox.publicPosts('instagram', 'ann')).toHaveLength(2);
  });

  it.each([50, 100])('reports a quota of %i: Instagram’s documents name both', async (quotaTotal) => {
    await sandbox.control('settings', { platform: 'instagram', quotaTotal });
    const quota = await get(`${userId}/content_publishing_limit?fields=quota_usage,config`);
    const config = { quota_total: quotaTotal, quota_duration: 86_400 };
    expect(quota.json).toEqual({ data: [{ quota_usage: 0, config }] });
  });

  it('counts against a rolling quota, which can be read', async () => {
    await sandbox.control('settings', { platform: 'instagram', quotaTotal: 1 });
    await publish(await createReadyContainer());
    const quota = await get(`${userId}/content_publishing_limit?fields=quota_usage,config`);
    expect(quota.json.data).toEqual([{ quota_usage: 1, config: { quota_total: 1, quota_duration: 86_400 } }]);
    expect(codesOf(await publish(await createReadyContainer()))).toEqual([400, 9, 2207042]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toHaveLength(1);
  });
});

describe('Instagram: carousels', () => {
  async function createItem(name: string): Promise<string> {
    const json = { image_url: `${web.url}/${name}.jpg`, alt_text: `Picture ${name}`, is_carousel_item: true };
    const reply = await post(`${userId}/media`, json);
    expect(reply.status).toBe(200);
    return reply.json.id;
  }
  async function createItems(names: string): Promise<string[]> {
    const ids: string[] = [];
    for (const name of names) ids.push(await createItem(name));
    for (const id of ids) await statusOf(id);
    return ids;
  }
  const createCarousel = (children: unknown, more: object = {}) =>
    post(`${userId}/media`, { media_type: 'CAROUSEL', children, caption: 'An album', ...more });

  it.each(['ab', 'abcdefghij'])(
    'show the images %s in order, each with its alternative text',
    async (names) => {
      const carousel = (await createCarousel((await createItems(names)).join(','))).json.id;
      expect(codesOf(await publish(carousel))).toEqual([400, 9007, 2207027]);
      expect(await statusOf(carousel)).toBe('IN_PROGRESS');
      const { id } = (await publish(carousel)).json;
      const posts = await sandbox.publicPosts('instagram', 'ann');
      expect(posts).toMatchObject([
        {
          id,
          text: 'An album',
          mediaCount: names.length,
          media: [...names].map((name) => ({ altText: `Picture ${name}` })),
        },
      ]);
      const shown = posts[0].media.map(async ({ url }: { url: string }) => (await fetch(url)).text());
      expect((await Promise.all(shown)).map((text: string) => text.at(-1)).join('')).toBe(names);
      expect((await get(`${id}?fields=media_type`)).json.media_type).toBe('CAROUSEL_ALBUM');
    },
  );

  it('accept the children as a list, and in any order', async () => {
    const [a, b] = await createItems('ab');
    const carousel = (await createCarousel([b, a])).json.id;
    await statusOf(carousel);
    await publish(carousel);
    const [{ media }] = await sandbox.publicPosts('instagram', 'ann');
    expect(media).toMatchObject([{ altText: 'Picture b' }, { altText: 'Picture a' }]);
  });

  it.each([
    ['no child', ''],
    ['one child', 'a'],
    ['eleven children', 'abcdefghijk'],
  ])('are refused for %s', async (_name, names) => {
    expect(codesOf(await createCarousel(await createItems(names)))).toEqual([400, 100, 2207028]);
  });

  it('are refused for a child that is not ready, expired, failed, unknown, of another account, or given twice', async () => {
    const [ready] = await createItems('a');
    const early = await createItem('b');
    expect(codesOf(await createCarousel([ready, early]))).toEqual([400, 9007, 2207027]);
    await sandbox.control('faults', { platform: 'instagram', step: 'container', fault: 'processing-failed' });
    const [broken] = await createItems('c');
    expect(codesOf(await createCarousel([ready, broken]))).toEqual([400, -1, 2207032]);
    expect(codesOf(await createCarousel([ready, '1']))).toEqual([400, 24, 2207006]);
    expect(codesOf(await createCarousel([ready, ready]))).toEqual([400, 24, 2207006]);
    const bob = await sandbox.idOf('instagram', 'bob');
    const json = { image_url: photo(), is_carousel_item: true };
    const theirs = (await post(`${bob}/media`, json, 'bob')).json.id;
    expect(codesOf(await createCarousel([ready, theirs]))).toEqual([400, 24, 2207006]);
    expect(codesOf(await createCarousel([ready, await createReadyContainer()]))).toEqual([
      400,
      100,
      undefined,
    ]);
    await sandbox.control('clock', { offsetMs: 24 * 3_600_000 });
    expect(codesOf(await createCarousel([ready, early]))).toEqual([400, -2, 2207020]);
  });

  it('are refused for a caption of an item, and an alternative text of the carousel', async () => {
    const item = { image_url: photo(), is_carousel_item: true, caption: 'Hello' };
    expect(codesOf(await post(`${userId}/media`, item))).toEqual([400, 100, undefined]);
    const items = await createItems('ab');
    expect(codesOf(await createCarousel(items, { alt_text: 'Hello' }))).toEqual([400, 100, undefined]);
    expect(codesOf(await createCarousel(items, { caption: 'a'.repeat(2201) }))).toEqual([
      400, 36004, 2207010,
    ]);
  });

  it('use up their items, the worst case; an item cannot be published by itself', async () => {
    const [a, b, c] = await createItems('abc');
    expect((await createCarousel([a, b])).status).toBe(200);
    expect(codesOf(await createCarousel([b, c]))).toEqual([400, 24, 2207006]);
    expect(codesOf(await publish(c as string))).toEqual([400, 100, undefined]);
    expect(await sandbox.publicPosts('instagram', 'ann')).toEqual([]);
  });

  it('count each item in the container limit, and once in the post quota', async () => {
    await sandbox.control('settings', { platform: 'instagram', containersPerDay: 3, quotaTotal: 1 });
    const carousel = (await createCarousel(await createItems('ab'))).json.id;
    expect(codesOf(await createCarousel([]))).toEqual([400, 9, 2207042]);
    await statusOf(carousel);
    expect((await publish(carousel)).status).toBe(200);
    const quota = await get(`${userId}/content_publishing_limit`);
    expect(quota.json.data).toEqual([{ quota_usage: 1 }]);
  });
});

describe('Instagram: reels', () => {
  const createReel = (more: object = {}, name = 'clip.mp4') =>
    post(`${userId}/media`, { media_type: 'REELS', video_url: `${web.url}/${name}`, ...more });

  it.each(['clip.mp4', 'clip.mov'])('show the video of %s with its caption', async (name) => {
    const id = (await createReel({ caption: 'A reel', thumb_offset: 9_999 }, name)).json.id;
    await statusOf(id);
    const mediaId = (await publish(id)).json.id;
    const [shown] = await sandbox.publicPosts('instagram', 'ann');
    const mimeType = name === 'clip.mov' ? 'video/quicktime' : 'video/mp4';
    expect(shown).toMatchObject({
      id: mediaId,
      text: 'A reel',
      media: [{ mimeType, altText: null }],
      settings: { media_type: 'REELS', share_to_feed: true, thumb_offset: 9_999 },
    });
    const video = await fetch(shown.media[0].url);
    expect(video.headers.get('content-type')).toBe(mimeType);
    const fields = 'media_type,media_product_type,permalink';
    expect((await get(`${mediaId}?fields=${fields}`)).json).toEqual({
      id: mediaId,
      media_type: 'VIDEO',
      media_product_type: 'REELS',
      permalink: shown.url,
    });
    expect((await get(`${userId}/media?fields=id`)).json.data).toEqual([{ id: mediaId }]);
  });

  it.each<[string, object, string, unknown[]]>([
    ['no video', { video_url: '' }, '', [400, 100, undefined]],
    ['a missing video', {}, 'nothing.mp4', [400, 9004, 2207052]],
    ['an image', {}, 'photo.jpg', [400, 352, 2207026]],
    ['a HEIC image, which has a box like a video', {}, 'picture.heic', [400, 352, 2207026]],
    ['less than three seconds', {}, 'blink.mp4', [400, 352, 2207026]],
    ['more than fifteen minutes', {}, 'film.mp4', [400, 352, 2207026]],
    ['a cover behind its end', { thumb_offset: 10_000 }, 'clip.mp4', [400, 1, 2207057]],
    ['a cover before its beginning', { thumb_offset: -1 }, 'clip.mp4', [400, 1, 2207057]],
    ['a table of contents behind the media', {}, 'table-last.mp4', [400, 352, 2207026]],
    ['a long caption', { caption: 'a'.repeat(2201) }, 'clip.mp4', [400, 36004, 2207010]],
    ['an alternative text', { alt_text: 'Words' }, 'clip.mp4', [400, 100, undefined]],
    ['a bad share_to_feed', { share_to_feed: 'maybe' }, 'clip.mp4', [400, 100, undefined]],
    ['an item of a carousel', { is_carousel_item: true }, 'clip.mp4', [400, 100, undefined]],
    ['a VIDEO that is not a carousel item', { media_type: 'VIDEO' }, 'clip.mp4', [400, 100, undefined]],
  ])('are refused for %s', async (_name, more, name, codes) => {
    expect(codesOf(await createReel(more, name))).toEqual(codes);
  });

  it('use a cover URL instead of an offset', async () => {
    const cover = { cover_url: photo(), thumb_offset: 99_999 };
    const id = (await createReel({ ...cover, share_to_feed: false })).json.id;
    await statusOf(id);
    await publish(id);
    const [{ settings }] = await sandbox.publicPosts('instagram', 'ann');
    expect(settings).toEqual({ media_type: 'REELS', share_to_feed: false, cover_url: photo() });
    expect(codesOf(await createReel({ cover_url: `${web.url}/drawing.png` }))).toEqual([400, 36001, 2207005]);
    expect(codesOf(await createReel({ cover_url: `${web.url}/nothing.jpg` }))).toEqual([400, 9004, 2207052]);
  });

  it('accept a video without a readable duration', async () => {
    expect((await createReel({ thumb_offset: 99_999 }, 'timeless.mp4')).status).toBe(200);
  });

  it('are in progress for videoProcessingMs; images are not', async () => {
    await sandbox.control('settings', { platform: 'instagram', videoProcessingMs: 3_600_000 });
    const image = await createReadyContainer();
    const reel = (await createReel()).json.id;
    await statusOf(reel);
    expect([await statusOf(image), await statusOf(reel)]).toEqual(['FINISHED', 'IN_PROGRESS']);
    expect(codesOf(await publish(reel))).toEqual([400, 9007, 2207027]);
    await sandbox.control('clock', { offsetMs: 3_600_000 });
    expect(await statusOf(reel)).toBe('FINISHED');
  });

  it('tell the subcode of a failed processing', async () => {
    await sandbox.control('settings', { platform: 'instagram', failureSubcode: 2207026 });
    await sandbox.control('faults', { platform: 'instagram', step: 'container', fault: 'processing-failed' });
    const id = (await createReel()).json.id;
    await statusOf(id);
    const reply = await get(`${id}?fields=status_code,status`);
    expect(reply.json).toMatchObject({ status_code: 'ERROR', status: expect.stringContaining('2207026') });
  });
});

describe('Instagram: stories', () => {
  const createStory = (parameters: object) =>
    post(`${userId}/media`, { media_type: 'STORIES', ...parameters });

  it.each([
    ['an image of any shape', { image_url: 'taller.jpg' }, 'image/jpeg'],
    ['a video of a minute', { video_url: 'minute.mp4' }, 'video/mp4'],
  ])('show %s, and are not in the list of media', async (_name, parameters, mimeType) => {
    const files = Object.entries(parameters).map(([name, file]) => [name, `${web.url}/${file}`]);
    const id = (await createStory(Object.fromEntries(files))).json.id;
    await statusOf(id);
    const mediaId = (await publish(id)).json.id;
    expect(await statusOf(id)).toBe('PUBLISHED');
    const posts = await sandbox.publicPosts('instagram', 'ann');
    const settings = { media_type: 'STORIES' };
    expect(posts).toMatchObject([{ id: mediaId, text: '', media: [{ mimeType }], settings }]);
    expect((await get(`${userId}/media?fields=id`)).json.data).toEqual([]);
    const { media_product_type: product } = (await get(`${mediaId}?fields=media_product_type`)).json;
    expect(product).toBe('STORY');
  });

  it.each<[string, () => object, unknown[]]>([
    ['no file', () => ({}), [400, 100, undefined]],
    [
      'an image and a video',
      () => ({ image_url: photo(), video_url: `${web.url}/clip.mp4` }),
      [400, 100, undefined],
    ],
    ['a caption', () => ({ image_url: photo(), caption: 'Words' }), [400, 100, undefined]],
    ['an alternative text', () => ({ image_url: photo(), alt_text: 'Words' }), [400, 100, undefined]],
    ['an item of a carousel', () => ({ image_url: photo(), is_carousel_item: true }), [400, 100, undefined]],
    ['a video above a minute', () => ({ video_url: `${web.url}/longer.mp4` }), [400, 352, 2207026]],
    ['a video above 100 MB', () => ({ video_url: `${web.url}/large.mp4` }), [400, 352, 2207026]],
    ['an image that is not JPEG', () => ({ image_url: `${web.url}/drawing.png` }), [400, 36001, 2207005]],
  ])('are refused for %s', async (_name, parameters, codes) => {
    expect(codesOf(await createStory(parameters()))).toEqual(codes);
  });
});

describe('Instagram: carousels of images and videos', () => {
  it('show both, and wait for the videos', async () => {
    await sandbox.control('settings', { platform: 'instagram', videoProcessingMs: 60_000 });
    const item = { is_carousel_item: true };
    const image = (await post(`${userId}/media`, { image_url: photo(), alt_text: 'A photo', ...item })).json
      .id;
    const clip = { media_type: 'VIDEO', video_url: `${web.url}/clip.mp4`, ...item };
    const video = (await post(`${userId}/media`, clip)).json.id;
    for (const id of [image, video]) await statusOf(id);
    const create = () =>
      post(`${userId}/media`, { media_type: 'CAROUSEL', children: [video, image], caption: 'Both' });
    expect(codesOf(await create())).toEqual([400, 9007, 2207027]);
    await sandbox.control('clock', { offsetMs: 60_000 });
    const carousel = (await create()).json.id;
    await statusOf(carousel);
    await publish(carousel);
    const [{ media, settings }] = await sandbox.publicPosts('instagram', 'ann');
    expect(settings).toEqual({ media_type: 'CAROUSEL' });
    expect(media).toMatchObject([
      { mimeType: 'video/mp4', altText: null },
      { mimeType: 'image/jpeg', altText: 'A photo' },
    ]);
  });

  it('are refused for an alternative text of a video', async () => {
    const clip = { media_type: 'VIDEO', video_url: `${web.url}/clip.mp4`, is_carousel_item: true };
    expect(codesOf(await post(`${userId}/media`, { ...clip, alt_text: 'Words' }))).toEqual([
      400,
      100,
      undefined,
    ]);
  });
});

describe('Instagram: reading', () => {
  it('lists the newest first, in pages, with the requested fields; captions may repeat', async () => {
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
