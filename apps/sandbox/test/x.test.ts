import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jpeg, startSandbox, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const tweet = (json: unknown, account = 'ann') => sandbox.send('/x/2/tweets', { account, json });

async function upload(account = 'ann', bytes: Uint8Array<ArrayBuffer> = jpeg): Promise<string> {
  const form = new FormData();
  form.set('media', new Blob([bytes]), 'photo.jpg');
  form.set('media_category', 'tweet_image');
  const reply = await sandbox.send('/x/2/media/upload', { account, body: form });
  expect(reply.status).toBe(200);
  return reply.json.data.id;
}

async function timeline(query = '', account = 'ann') {
  const id = await sandbox.idOf('x', account);
  return sandbox.send(`/x/2/users/${id}/tweets?${query}`, { account });
}

describe('X: the account', () => {
  it('200 returns the account of the token, with a numeric id that survives a restart', async () => {
    const reply = await sandbox.send('/x/2/users/me', { account: 'ann' });
    expect(reply.status).toBe(200);
    expect(reply.json.data.username).toBe('ann');
    expect(reply.json.data.id).toMatch(/^\d{17,19}$/);

    const restarted = await startSandbox();
    const again = await restarted.send('/x/2/users/me', { account: 'ann' });
    await restarted.close();
    expect(again.json.data.id).toBe(reply.json.data.id);
  });

  it.each([undefined, 'other', 'sandbox-', 'sandbox-UPPER', `sandbox-${'a'.repeat(41)}`])(
    '401 for the token %s',
    async (token) => {
      const reply = await sandbox.send('/x/2/users/me', token === undefined ? {} : { token });
      expect(reply.status).toBe(401);
      expect(reply.json).toEqual({
        title: 'Unauthorized',
        detail: 'Unauthorized',
        type: 'about:blank',
        status: 401,
      });
    },
  );
});

describe('X: publishing', () => {
  it('201 publishes a text', async () => {
    const reply = await tweet({ text: 'Hello' });
    expect(reply.status).toBe(201);
    expect(reply.json.data.text).toBe('Hello');
    const [post] = await sandbox.publicPosts('x', 'ann');
    expect(post.id).toBe(reply.json.data.id);
    expect(post.url).toBe(`${sandbox.url}/x/ann/status/${post.id}`);
    expect(post.text).toBe('Hello');
  });

  it('201 with media and no text', async () => {
    const id = await upload();
    expect((await tweet({ media: { media_ids: [id] } })).status).toBe(201);
    expect((await sandbox.publicPosts('x', 'ann'))[0].mediaCount).toBe(1);
  });

  it('201 with four images in order, each with its alternative text', async () => {
    const ids: string[] = [];
    for (const name of 'abcd') {
      const id = await upload('ann', Buffer.concat([jpeg, Buffer.from(name)]));
      const json = { id, metadata: { alt_text: { text: `Picture ${name}` } } };
      expect((await sandbox.send('/x/2/media/metadata', { account: 'ann', json })).status).toBe(200);
      ids.push(id);
    }
    expect((await tweet({ text: 'Four', media: { media_ids: ids } })).status).toBe(201);
    const [{ media }] = await sandbox.publicPosts('x', 'ann');
    expect(media).toMatchObject([...'abcd'].map((name) => ({ altText: `Picture ${name}` })));
    const shown = media.map(async ({ url }: { url: string }) => (await fetch(url)).text());
    expect((await Promise.all(shown)).map((text: string) => text.at(-1)).join('')).toBe('abcd');
    const [listed] = (await timeline('tweet.fields=attachments')).json.data;
    expect(listed.attachments.media_keys).toEqual(ids.map((id) => `3_${id}`));
  });

  it.each([
    ['an unknown field', { text: 'a', colour: 'red' }],
    ['an unknown field inside media', { text: 'a', media: { media_ids: ['1'], colour: 'red' } }],
    ['no text and no media', {}],
    ['an empty text', { text: ' ' }],
    ['a text that is no string', { text: 7 }],
    ['a media id that is no number', { text: 'a', media: { media_ids: ['abc'] } }],
    ['no media id', { text: 'a', media: { media_ids: [] } }],
    ['five media ids', { text: 'a', media: { media_ids: ['1', '2', '3', '4', '5'] } }],
    ['media and a poll', { text: 'a', media: { media_ids: ['1'] }, poll: {} }],
  ])('400 for %s', async (_name, json) => {
    const reply = await tweet(json);
    expect(reply.status).toBe(400);
    expect(reply.json.type).toMatch(/\/problems\/invalid-request$/);
    expect(reply.json.errors[0].message).toEqual(expect.any(String));
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
  });

  it('400 for an empty text beside media', async () => {
    expect((await tweet({ text: '', media: { media_ids: [await upload()] } })).status).toBe(400);
  });

  it('400 for a body that is not JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await sandbox.send('/x/2/tweets', { account: 'ann', headers, body: '{"text":' });
    expect(reply.status).toBe(400);
    expect(reply.json.title).toBe('Invalid Request');
  });

  it('400 for media that are of another account, unknown or expired', async () => {
    const theirs = await upload('bob');
    const own = await upload();
    for (const ids of [[theirs], ['123'], [own, theirs], [own, '123']]) {
      const reply = await tweet({ text: 'a', media: { media_ids: ids } });
      expect(reply.status).toBe(400);
      expect(reply.json.errors[0].message).toBe('Your media IDs are invalid.');
    }
    await sandbox.control('clock', { offsetMs: 25 * 3_600_000 });
    expect((await tweet({ text: 'a', media: { media_ids: [own] } })).status).toBe(400);
    expect((await tweet({ text: 'a', media: { media_ids: [await upload(), own] } })).status).toBe(400);
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
  });

  it('403 for the same text by the same author within ten minutes, without naming the earlier post', async () => {
    const first = await tweet({ text: 'Twice' });
    const again = await tweet({ text: ' Twice' });
    expect(again.status).toBe(403);
    expect(again.json).toEqual({
      detail: 'You are not allowed to create a Tweet with duplicate content.',
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
    });
    expect(again.text).not.toContain(first.json.data.id);
    expect((await tweet({ text: 'Twice' }, 'bob')).status).toBe(201);

    await sandbox.control('clock', { offsetMs: 601_000 });
    expect((await tweet({ text: 'Twice' })).status).toBe(201);
    expect(await sandbox.publicPosts('x', 'ann')).toHaveLength(2);
  });

  it('403 for a duplicate, also after the first post was deleted', async () => {
    const { id } = (await tweet({ text: 'Gone' })).json.data;
    const deleted = await sandbox.send(`/x/2/tweets/${id}`, { method: 'DELETE', account: 'ann' });
    expect(deleted.json).toEqual({ data: { deleted: true } });
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
    expect((await tweet({ text: 'Gone' })).status).toBe(403);
  });

  it('403 for deleting a post of another account', async () => {
    const { id } = (await tweet({ text: 'Mine' })).json.data;
    expect((await sandbox.send(`/x/2/tweets/${id}`, { method: 'DELETE', account: 'bob' })).status).toBe(403);
    expect(await sandbox.publicPosts('x', 'ann')).toHaveLength(1);
  });
});

describe('X: media', () => {
  it('200 for an image as multipart and as base64', async () => {
    await upload();
    const json = { media: jpeg.toString('base64'), media_category: 'tweet_image' };
    const reply = await sandbox.send('/x/2/media/upload', { account: 'ann', json });
    expect(reply.status).toBe(200);
    expect(reply.json.data).toMatchObject({ size: jpeg.length, expires_after_secs: 86_400 });
    expect(reply.json.data.media_key).toBe(`3_${reply.json.data.id}`);
  });

  it.each([
    ['no category', { media: jpeg.toString('base64') }],
    ['no media', { media_category: 'tweet_image' }],
    ['an unknown field', { media: jpeg.toString('base64'), media_category: 'tweet_image', colour: 'red' }],
    ['a file that is not an image', { media: 'aGVsbG8=', media_category: 'tweet_image' }],
  ])('400 for %s', async (_name, json) => {
    expect((await sandbox.send('/x/2/media/upload', { account: 'ann', json })).status).toBe(400);
  });

  it('200 stores an alternative text of up to 1,000 characters', async () => {
    const id = await upload();
    const describeAs = (text: string) =>
      sandbox.send('/x/2/media/metadata', { account: 'ann', json: { id, metadata: { alt_text: { text } } } });
    expect((await describeAs('a'.repeat(1001))).status).toBe(400);
    expect((await describeAs('A cat')).status).toBe(200);
    await tweet({ text: 'Look', media: { media_ids: [id] } });
    expect((await sandbox.publicPosts('x', 'ann'))[0].media[0].altText).toBe('A cat');
  });
});

describe('X: the timeline', () => {
  it('shows links as t.co links with entities, escapes HTML, and appends a link for the media', async () => {
    const text = 'Tom & Jerry < 3 🙂 https://example.com/a?b=1. bye';
    const { id } = (await tweet({ text, media: { media_ids: [await upload()] } })).json.data;
    const reply = await timeline('tweet.fields=entities,attachments,created_at');
    const [shown] = reply.json.data;
    const [link, media] = shown.entities.urls;
    expect(shown.text).toBe(`Tom &amp; Jerry &lt; 3 🙂 ${link.url}. bye ${media.url}`);
    expect(link.url).toMatch(/^https:\/\/t\.co\/\w{10}$/);
    expect(link.expanded_url).toBe('https://example.com/a?b=1');
    expect([...shown.text].slice(link.start, link.end).join('')).toBe(link.url);
    expect([...shown.text].slice(media.start, media.end).join('')).toBe(media.url);
    expect(media.expanded_url).toBe(`https://x.com/ann/status/${id}/photo/1`);
    expect(shown.attachments.media_keys).toEqual([media.media_key]);
    expect((await sandbox.publicPosts('x', 'ann'))[0].text).toBe(text);
  });

  it('returns the newest first, after since_id, at most max_results, with a token for the next page', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 8; count += 1)
      ids.push((await tweet({ text: `Number ${count}` })).json.data.id);
    const newer = await timeline(`since_id=${ids[4]}`);
    expect(newer.json.data.map((shown: { id: string }) => shown.id)).toEqual([ids[7], ids[6], ids[5]]);
    expect(newer.json.meta).toEqual({ result_count: 3, newest_id: ids[7], oldest_id: ids[5] });
    const page = await timeline('max_results=5');
    const rest = await timeline(`max_results=5&pagination_token=${page.json.meta.next_token}`);
    expect([...page.json.data, ...rest.json.data].map(({ id }) => id)).toEqual([...ids].reverse());
    expect((await timeline(`since_id=${ids[7]}`)).json).toEqual({ meta: { result_count: 0 } });
  });

  it('leaves out replies with exclude=replies', async () => {
    const { id } = (await tweet({ text: 'First' })).json.data;
    await tweet({ text: 'Second', reply: { in_reply_to_tweet_id: id } });
    expect((await timeline()).json.meta.result_count).toBe(2);
    expect((await timeline('exclude=retweets,replies')).json.meta.result_count).toBe(1);
    expect((await tweet({ text: 'Lost', reply: { in_reply_to_tweet_id: '1' } })).status).toBe(403);
  });

  it.each([
    'max_results=4',
    'max_results=101',
    'since_id=abc',
    'exclude=likes',
    'tweet.fields=colour',
    'colour=red',
  ])('400 for %s', async (query) => {
    expect((await timeline(query)).status).toBe(400);
  });

  it('200 with errors for a post or a user that does not exist', async () => {
    for (const path of ['/x/2/tweets/1', '/x/2/users/1/tweets']) {
      const reply = await sandbox.send(path, { account: 'ann' });
      expect(reply.status).toBe(200);
      expect(reply.json.errors[0].title).toBe('Not Found Error');
      expect(reply.json.data).toBeUndefined();
    }
  });
});

describe('X: rate limits', () => {
  it('count down per account, refuse with 429 at the limit, and restart at the reset', async () => {
    await sandbox.control('settings', { platform: 'x', callsPerWindow: 2 });
    const first = await tweet({ text: 'one' });
    const second = await tweet({ text: 'two' });
    const third = await tweet({ text: 'three' });
    expect([first, second].map((reply) => reply.headers.get('x-rate-limit-remaining'))).toEqual(['1', '0']);
    expect(third.status).toBe(429);
    expect(third.json.title).toBe('Too Many Requests');
    expect(third.headers.get('x-rate-limit-limit')).toBe('2');
    const resetsInMs = Number(third.headers.get('x-rate-limit-reset')) * 1000 - Date.now();
    expect(resetsInMs).toBeGreaterThan(800_000);
    expect(resetsInMs).toBeLessThan(902_000);
    expect((await tweet({ text: 'mine' }, 'bob')).status).toBe(201);
    expect(await sandbox.publicPosts('x', 'ann')).toHaveLength(2);

    await sandbox.control('clock', { offsetMs: 15 * 60_000 });
    expect((await tweet({ text: 'three' })).status).toBe(201);
  });
});

it('X: 404 in its own format for an unknown path', async () => {
  const reply = await sandbox.send('/x/2/nothing', { account: 'ann' });
  expect(reply.status).toBe(404);
  expect(reply.json.type).toBe('about:blank');
});
