import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

/** The first bytes of each format. */
const mp4 = Buffer.from('0000001866747970697336d0000000006973366d6d703432', 'hex');
const gif = Buffer.from('GIF89a', 'latin1');
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);

const ann = { account: 'ann' };
const videoOf = (bytes: number) => ({
  media_type: 'video/mp4',
  media_category: 'tweet_video',
  total_bytes: bytes,
});
const initialize = (json: unknown, account = 'ann') =>
  sandbox.send('/x/2/media/upload/initialize', { account, json });
const finalize = (id: string, account = 'ann') =>
  sandbox.send(`/x/2/media/upload/${id}/finalize`, { account, method: 'POST' });
const status = (id: string, account = 'ann') =>
  sandbox.send(`/x/2/media/upload?command=STATUS&media_id=${id}`, { account });
const tweet = (json: unknown, account = 'ann') => sandbox.send('/x/2/tweets', { account, json });

function append(id: string, index: string, bytes: Buffer, account = 'ann') {
  const form = new FormData();
  form.set('media', new Blob([new Uint8Array(bytes)]));
  form.set('segment_index', index);
  return sandbox.send(`/x/2/media/upload/${id}/append`, { account, body: form });
}

async function begin(json: object): Promise<string> {
  const reply = await initialize(json);
  expect(reply.status).toBe(200);
  return reply.json.data.id;
}

async function upload(bytes = mp4, over: object = {}): Promise<string> {
  const id = await begin({ ...videoOf(bytes.length), ...over });
  expect((await append(id, '0', bytes)).status).toBe(200);
  expect((await finalize(id)).status).toBe(200);
  return id;
}

async function uploadReady(bytes = mp4, over: object = {}): Promise<string> {
  const id = await upload(bytes, over);
  for (let polls = 0; polls < 2; polls += 1) await status(id);
  return id;
}

const asGif = { media_type: 'image/gif', media_category: 'tweet_gif' };

describe('X: a chunked upload', () => {
  it('accepts segments in any order, uses the last one of each index, and shows the whole file', async () => {
    const parts = [mp4, Buffer.from('middle'), Buffer.from('end')] as const;
    const id = await begin(videoOf(Buffer.concat([...parts]).length));
    for (const [index, part] of [
      ['2', parts[2]],
      ['0', Buffer.from('first try')],
      ['0', parts[0]],
      ['1', parts[1]],
    ] as const) {
      const reply = await append(id, index, part);
      expect(reply.status).toBe(200);
      expect(reply.json.data.expires_at * 1000).toBeGreaterThan(Date.now() + 14 * 86_400_000);
    }
    const { data } = (await finalize(id)).json;
    expect(data).toMatchObject({ id, media_key: `7_${id}`, expires_after_secs: 86_400 });
    expect(data.processing_info).toEqual({ state: 'pending', check_after_secs: 1 });
    for (const state of ['in_progress', 'succeeded', 'succeeded']) {
      expect((await status(id)).json.data.processing_info.state).toBe(state);
    }
    const json = { id, metadata: { alt_text: { text: 'A short film' } } };
    expect((await sandbox.send('/x/2/media/metadata', { ...ann, json })).status).toBe(200);
    expect((await tweet({ text: 'Look', media: { media_ids: [id] } })).status).toBe(201);

    const [post] = await sandbox.publicPosts('x', 'ann');
    expect(post.media).toMatchObject([{ mimeType: 'video/mp4', altText: 'A short film' }]);
    const shown = await fetch(post.media[0].url);
    expect(shown.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(Buffer.concat([...parts]));
    const userId = await sandbox.idOf('x', 'ann');
    const listed = await sandbox.send(`/x/2/users/${userId}/tweets?tweet.fields=entities,attachments`, ann);
    const [{ attachments, entities, text }] = listed.json.data;
    expect(attachments.media_keys).toEqual([`7_${id}`]);
    expect(entities.urls).toMatchObject([
      { expanded_url: `https://x.com/ann/status/${post.id}/video/1`, media_key: `7_${id}` },
    ]);
    expect(text).toBe(`Look ${entities.urls[0].url}`);
  });

  it('needs the configured number of polls, also none', async () => {
    await sandbox.control('settings', { platform: 'x', pollsUntilReady: 3, checkAfterSecs: 7 });
    const id = await upload(gif, asGif);
    for (let polls = 0; polls < 3; polls += 1) {
      const { processing_info: info } = (await status(id)).json.data;
      expect(info).toMatchObject({ state: 'in_progress', check_after_secs: 7 });
    }
    expect((await status(id)).json.data.processing_info.state).toBe('succeeded');
    await sandbox.control('settings', { platform: 'x', pollsUntilReady: 0 });
    const ready = await begin(videoOf(mp4.length));
    await append(ready, '0', mp4);
    expect((await finalize(ready)).json.data).not.toHaveProperty('processing_info');
    expect((await tweet({ media: { media_ids: [ready] } })).status).toBe(201);
  });

  it('accepts an image, which needs no processing', async () => {
    const id = await upload(jpeg, { media_type: 'image/jpeg', media_category: 'tweet_image' });
    expect((await status(id)).json.data).not.toHaveProperty('processing_info');
    expect((await tweet({ media: { media_ids: [id] } })).status).toBe(201);
  });

  it.each([
    ['an unknown field', { ...videoOf(9), colour: 'red' }],
    ['no category', { media_type: 'video/mp4', total_bytes: 9 }],
    ['no size', { media_type: 'video/mp4', media_category: 'tweet_video' }],
    ['a category of direct messages', { ...videoOf(9), media_category: 'dm_video' }],
    ['a type of another category', { ...videoOf(9), media_type: 'image/gif' }],
    ['a size as text', { ...videoOf(9), total_bytes: '9' }],
    ['a video that is too large', videoOf(8 * 1024 ** 3 + 1)],
    ['a GIF that is too large', { ...videoOf(15 * 1024 * 1024 + 1), ...asGif }],
  ])('400 for initializing with %s', async (_name, json) => {
    expect((await initialize(json)).status).toBe(400);
  });

  it('400 for a segment beyond 999, without bytes, or too large', async () => {
    const id = await begin(videoOf(9));
    expect((await append(id, '999', mp4)).status).toBe(200);
    expect((await append(id, '1000', mp4)).status).toBe(400);
    expect((await append(id, '-1', mp4)).status).toBe(400);
    expect((await append(id, '1', Buffer.alloc(0))).status).toBe(400);
    expect((await append(id, '1', Buffer.alloc(5 * 1024 * 1024 + 1))).status).toBe(400);
  });

  it('400 for finalizing with bytes missing, too many, or a gap', async () => {
    for (const [index, bytes] of [
      ['0', 3],
      ['0', 30],
      ['1', 24],
    ] as const) {
      const id = await begin(videoOf(mp4.length));
      await append(id, index, Buffer.alloc(bytes, '.'));
      expect((await finalize(id)).status).toBe(400);
      expect((await status(id)).status).toBe(400);
      // Missing segments may still be appended.
      await append(id, '0', mp4);
      expect((await finalize(id)).status).toBe(index === '0' ? 200 : 400);
    }
  });

  it("400 for an upload that is another account's, unknown, expired, or finalized already", async () => {
    const id = await begin(videoOf(mp4.length));
    expect((await append(id, '0', mp4, 'bob')).status).toBe(400);
    expect((await append('123', '0', mp4)).status).toBe(400);
    await append(id, '0', mp4);
    expect((await finalize(id, 'bob')).status).toBe(400);
    expect((await finalize(id)).status).toBe(200);
    expect((await finalize(id)).status).toBe(400);
    expect((await append(id, '1', mp4)).status).toBe(400);
    expect((await status(id, 'bob')).status).toBe(400);
    const begun = await begin(videoOf(mp4.length));
    await sandbox.control('clock', { offsetMs: 86_400_000 });
    expect((await status(id)).status).toBe(400);
    expect((await append(begun, '0', mp4)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 15 * 86_400_000 });
    expect((await append(begun, '0', mp4)).status).toBe(400);
  });

  it('400 for a status call with another command or an unknown parameter', async () => {
    const id = await upload();
    for (const query of [
      `command=INIT&media_id=${id}`,
      'command=STATUS',
      `command=STATUS&media_id=${id}&a=b`,
    ]) {
      expect((await sandbox.send(`/x/2/media/upload?${query}`, ann)).status).toBe(400);
    }
  });

  it('counts each step separately', async () => {
    await sandbox.control('settings', { platform: 'x', callsPerWindow: 1 });
    const id = await upload();
    const reply = await status(id);
    expect(reply.headers.get('x-rate-limit-remaining')).toBe('0');
    expect((await status(id)).status).toBe(429);
  });
});

describe('X: posting a video or GIF', () => {
  it.each([
    ['still being processed', mp4],
    ['not a video', Buffer.from('neither a video nor anything else')],
  ])('400 for a file that is %s, as for unknown media', async (_name, bytes) => {
    const id = await upload(bytes);
    if (bytes !== mp4) {
      await status(id);
      expect((await status(id)).json.data.processing_info).toEqual({
        state: 'failed',
        progress_percent: 0,
        error: { code: 1, name: 'InvalidMedia', message: 'Unsupported video format' },
      });
    }
    const reply = await tweet({ text: 'a', media: { media_ids: [id] } });
    expect(reply.status).toBe(400);
    expect(reply.json.errors[0].message).toBe('Your media IDs are invalid.');
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
  });

  it('400 for a file whose processing failed', async () => {
    await sandbox.control('faults', { platform: 'x', step: 'finalize', fault: 'processing-failed' });
    const id = await upload();
    await status(id);
    expect((await status(id)).json.data.processing_info.state).toBe('failed');
    expect((await tweet({ media: { media_ids: [id] } })).status).toBe(400);
  });

  it('400 for two videos, or a video and an image, in one post', async () => {
    const video = await uploadReady();
    const animation = await uploadReady(gif, asGif);
    const image = await upload(jpeg, { media_type: 'image/jpeg', media_category: 'tweet_image' });
    for (const ids of [
      [video, animation],
      [video, video],
      [image, animation],
      [image, video],
    ]) {
      expect((await tweet({ text: 'a', media: { media_ids: ids } })).status).toBe(400);
    }
    for (const id of [video, animation])
      expect((await tweet({ media: { media_ids: [id] } })).status).toBe(201);
    const posts = await sandbox.publicPosts('x', 'ann');
    const types = posts.map(({ media }: { media: { mimeType: string }[] }) => media[0]?.mimeType);
    expect(types).toEqual(['image/gif', 'video/mp4']);
  });

  it('shows the author’s settings in the oracle', async () => {
    const chosen = { reply_settings: 'mentionedUsers', made_with_ai: true, paid_partnership: false };
    expect((await tweet({ text: 'a', ...chosen })).status).toBe(201);
    expect((await tweet({ text: 'b' })).status).toBe(201);
    const posts = await sandbox.publicPosts('x', 'ann');
    expect(posts.map(({ settings }: { settings: object }) => settings)).toEqual([{}, chosen]);
    for (const json of [{ reply_settings: 'everyone' }, { made_with_ai: 'yes' }, { paid_partnership: 1 }]) {
      expect((await tweet({ text: 'c', ...json })).status).toBe(400);
    }
  });
});
