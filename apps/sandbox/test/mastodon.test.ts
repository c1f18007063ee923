import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gif, jpeg, mp4, startSandbox, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const api = (path: string) => `/mastodon/api${path}`;
const post = (json: unknown, options: { account?: string; key?: string } = {}) =>
  sandbox.send(api('/v1/statuses'), {
    account: options.account ?? 'ann',
    json,
    ...(options.key !== undefined && { headers: { 'idempotency-key': options.key } }),
  });
const configure = (values: object) => sandbox.control('settings', { platform: 'mastodon', ...values });
const publicPosts = (account = 'ann') => sandbox.publicPosts('mastodon', account);

function upload(options: { account?: string; bytes?: Buffer; description?: string } = {}) {
  const form = new FormData();
  form.set('file', new Blob([options.bytes ?? jpeg], { type: 'image/jpeg' }), 'photo.jpg');
  if (options.description !== undefined) form.set('description', options.description);
  return sandbox.send(api('/v2/media'), { account: options.account ?? 'ann', body: form });
}
const uploadedId = async (options?: Parameters<typeof upload>[0]): Promise<string> =>
  (await upload(options)).json.id;
const readMedia = (id: string, account = 'ann') => sandbox.send(api(`/v1/media/${id}`), { account });

async function list(query = '', account = 'ann') {
  const id = await sandbox.idOf('mastodon', 'ann');
  return sandbox.send(api(`/v1/accounts/${id}/statuses?${query}`), { account });
}
const listedTexts = async (query?: string, account?: string): Promise<string[]> =>
  (await list(query, account)).json.map((status: { content: string }) => status.content.slice(3, -4));

describe('Mastodon: the account and the server', () => {
  it('200 returns the account of the token', async () => {
    const reply = await sandbox.send(api('/v1/accounts/verify_credentials'), { account: 'ann' });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ username: 'ann', acct: 'ann' });
    expect(reply.json.id).toBe(await sandbox.idOf('mastodon', 'ann'));
  });

  it.each([undefined, 'other', 'sandbox-UPPER'])('401 for the token %s', async (token) => {
    const reply = await sandbox.send(
      api('/v1/accounts/verify_credentials'),
      token === undefined ? {} : { token },
    );
    expect(reply.status).toBe(401);
    expect(reply.json).toEqual({ error: 'The access token is invalid' });
  });

  it('200 returns the limits without a token, in both instance calls', async () => {
    await configure({ maxCharacters: 700, maxAttachments: 9, charactersPerUrl: 25, videoSizeLimit: 5 });
    for (const version of ['v1', 'v2']) {
      const reply = await sandbox.send(api(`/${version}/instance`));
      expect(reply.status).toBe(200);
      expect(reply.json.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(reply.json.configuration).toMatchObject({
        statuses: { max_characters: 700, max_media_attachments: 9, characters_reserved_per_url: 25 },
        media_attachments: {
          supported_mime_types: expect.arrayContaining(['image/gif', 'video/mp4']),
          image_size_limit: 16_777_216,
          image_matrix_limit: 33_177_600,
          video_size_limit: 5,
          video_frame_rate_limit: 120,
          video_matrix_limit: 8_294_400,
          description_limit: 1_500,
        },
      });
    }
  });

  it.each([
    ['v1', 404, { configuration: { statuses: { max_characters: 500 } } }],
    ['max_toot_chars', 404, { max_toot_chars: 500 }],
    ['none', 404, { error: 'Record not found' }],
  ])('returns the limits in an older format, or not at all: %s', async (instance, status, older) => {
    await configure({ instance });
    expect((await sandbox.send(api('/v2/instance'))).status).toBe(status);
    expect((await sandbox.send(api('/v1/instance'))).json).toMatchObject(older);
  });
});

describe('Mastodon: publishing', () => {
  it('200 publishes a text, from JSON and from a form', async () => {
    const reply = await post({ status: '  Hello ' });
    expect(reply.status).toBe(200);
    const [first] = await publicPosts();
    expect(reply.json).toMatchObject({ id: first.id, url: first.url, content: '<p>Hello</p>', reblog: null });
    expect(first.text).toBe('Hello');

    const media = await uploadedId();
    const body = new URLSearchParams({ status: 'From a form', 'media_ids[]': media });
    expect((await sandbox.send(api('/v1/statuses'), { account: 'ann', body })).status).toBe(200);
    expect((await publicPosts())[0]).toMatchObject({ text: 'From a form', mediaCount: 1 });
  });

  it('200 with one to four images and no text, in the given order, with their descriptions', async () => {
    const ids: string[] = [];
    for (const description of ['one', 'two', 'three', 'four']) ids.push(await uploadedId({ description }));
    const reply = await post({ media_ids: [...ids].reverse() });
    expect(reply.json.content).toBe('');
    expect(reply.json.media_attachments.map(({ id }: { id: string }) => id)).toEqual([...ids].reverse());
    const [made] = await publicPosts();
    expect(made.media.map(({ altText }: { altText: string }) => altText)).toEqual([
      'four',
      'three',
      'two',
      'one',
    ]);
  });

  it.each([
    ['nothing', {}, /Text can't be blank/],
    ['an empty text', { status: ' \n' }, /Text can't be blank/],
    ['five files', { media_ids: ['1', '2', '3', '4', '5'] }, /more than 4/],
    ['an unknown file', { status: 'a', media_ids: ['1'] }, /not found/],
    ['an unknown visibility', { status: 'a', visibility: 'secret' }, /Visibility/],
    ['a warning that is no text', { status: 'a', spoiler_text: ['b'] }, /spoiler_text/],
    ['a language that is no code', { status: 'a', language: 'English' }, /language/],
    ['an invalid value of sensitive', { status: 'a', sensitive: 'perhaps' }, /sensitive/],
    ['an unsupported parameter', { status: 'a', scheduled_at: '2030-01-01' }, /scheduled_at/],
    ['501 characters', { status: 'a'.repeat(501) }, /limit of 500 exceeded/],
    ['501 characters with the warning', { status: 'a'.repeat(400), spoiler_text: 'b'.repeat(101) }, /limit/],
  ])('422 for %s', async (_name, json, sentence) => {
    const reply = await post(json);
    expect(reply.status).toBe(422);
    expect(reply.json).toEqual({ error: expect.stringMatching(sentence) });
    expect(await publicPosts()).toEqual([]);
  });

  it('200 with the author’s settings, which the oracle shows', async () => {
    const chosen = { visibility: 'unlisted', spoiler_text: ' Eyes ', language: 'pt-BR' };
    const reply = await post({ status: 'Hello', ...chosen });
    expect(reply.json).toMatchObject({ ...chosen, spoiler_text: 'Eyes', sensitive: true });
    await post({ status: 'Hello' });
    const settings = { visibility: 'public', spoilerText: '', sensitive: false, language: null };
    expect(await publicPosts()).toMatchObject([
      { settings },
      { settings: { visibility: 'unlisted', spoilerText: 'Eyes', sensitive: true, language: 'pt-BR' } },
    ]);
  });

  it('200 with only a warning and a file: an emoji becomes the text', async () => {
    const media_ids = [await uploadedId()];
    expect((await post({ spoiler_text: 'Eyes', media_ids })).json.content).toBe('<p>🖼</p>');
  });

  it('200 with as many files as the server allows', async () => {
    await configure({ maxAttachments: 1 });
    const media_ids = [await uploadedId(), await uploadedId()];
    expect((await post({ media_ids })).json.error).toMatch(/more than 1 files/);
  });

  it('422 for a file of another account, and for an attached one', async () => {
    const own = await uploadedId();
    const theirs = await uploadedId({ account: 'bob' });
    expect((await post({ status: 'a', media_ids: [theirs] })).status).toBe(422);
    expect((await post({ status: 'a', media_ids: [own] })).status).toBe(200);
    expect((await post({ status: 'b', media_ids: [own] })).status).toBe(422);
  });

  it('200 for the same text twice: Mastodon does not refuse duplicates', async () => {
    await post({ status: 'Twice' });
    await post({ status: 'Twice' });
    expect(await publicPosts()).toHaveLength(2);
  });

  it('200 for deleting, which frees the files; 403 for the status of another account', async () => {
    const media = await uploadedId();
    const { id } = (await post({ status: 'Gone', media_ids: [media] })).json;
    const remove = (account: string) =>
      sandbox.send(api(`/v1/statuses/${id}`), { method: 'DELETE', account });
    expect((await remove('bob')).status).toBe(403);
    expect((await remove('ann')).json.text).toBe('Gone');
    expect(await publicPosts()).toEqual([]);
    expect((await remove('ann')).status).toBe(404);
    expect((await readMedia(media)).status).toBe(200);
  });
});

describe('Mastodon: the length of a text', () => {
  it.each([
    ['a link of any length', `https://example.com/${'long/'.repeat(50)}`, 23],
    ['a link before a full stop', 'https://example.com/a.', 24],
    ['a link in brackets', '(https://example.com/a_(b))', 25],
    ['a link without its scheme', 'example.com', 11],
    ['two links', 'http://a.example http://b.example', 47],
    ['a mention of another server', '@alice@mastodon.example', 6],
    ['a mention of this server', '@alice', 6],
    ['an address that is no mention', 'alice@mastodon.example', 22],
    ['a mention in a link', 'https://mastodon.example/@alice', 23],
    ['two families', '👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 2],
    ['two letters with combining accents', 'e\u0301e\u0301', 2],
    ['Japanese', '日本語', 3],
    ['Hindi', 'हिन्दी', 2],
  ])('counts %s', async (_name, text, length) => {
    await configure({ maxCharacters: length });
    expect((await post({ status: text })).status).toBe(200);
    await configure({ maxCharacters: length - 1 });
    expect((await post({ status: text })).status).toBe(422);
  });
});

it('Mastodon: a link counts as many characters as the server says', async () => {
  await configure({ charactersPerUrl: 30, maxCharacters: 30 });
  expect((await post({ status: 'https://example.com' })).status).toBe(200);
  await configure({ maxCharacters: 29 });
  expect((await post({ status: 'https://example.com' })).status).toBe(422);
});

describe('Mastodon: the idempotency key', () => {
  it('200 returns the same status for the same key for an hour, with any text', async () => {
    const first = await post({ status: 'Once' }, { key: 'k' });
    const again = await post({ status: 'Edited' }, { key: 'k' });
    expect([again.status, again.json.id]).toEqual([200, first.json.id]);
    expect(await publicPosts()).toHaveLength(1);
    await sandbox.control('clock', { offsetMs: 3_599_000 });
    expect((await post({ status: 'Once' }, { key: 'k' })).json.id).toBe(first.json.id);
    await sandbox.control('clock', { offsetMs: 3_601_000 });
    expect((await post({ status: 'Once' }, { key: 'k' })).json.id).not.toBe(first.json.id);
  });

  it('is per account, and is not used up by a refused call', async () => {
    expect((await post({ status: '' }, { key: 'k' })).status).toBe(422);
    await post({ status: 'Mine' }, { key: 'k' });
    await post({ status: 'Theirs' }, { key: 'k', account: 'bob' });
    expect([(await publicPosts())[0].text, (await publicPosts('bob'))[0].text]).toEqual(['Mine', 'Theirs']);
  });

  it('works also when the first answer was lost', async () => {
    await sandbox.control('faults', { platform: 'mastodon', step: 'publish', fault: 'commit-then-drop' });
    await expect(post({ status: 'Lost' }, { key: 'k' })).rejects.toThrow('fetch failed');
    const [lost] = await publicPosts();
    expect((await post({ status: 'Lost' }, { key: 'k' })).json.id).toBe(lost.id);
    expect(await publicPosts()).toHaveLength(1);
  });

  it('is ignored by a server of other software, which only its version shows', async () => {
    await configure({ honoursIdempotencyKey: false });
    await post({ status: 'Once' }, { key: 'k' });
    await post({ status: 'Once' }, { key: 'k' });
    expect(await publicPosts()).toHaveLength(2);
    expect((await sandbox.send(api('/v2/instance'))).status).toBe(404);
    expect((await sandbox.send(api('/v1/instance'))).json.version).toMatch(/not true/);
  });
});

describe('Mastodon: media', () => {
  it('200 for an image that is ready at once', async () => {
    const reply = await upload({ description: 'A cat' });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ type: 'image', description: 'A cat' });
    expect(reply.json.url).toMatch(/^http/);
    expect((await readMedia(reply.json.id)).status).toBe(200);
  });

  it('202, then 206 for the configured number of polls, then 200; until then it cannot be attached', async () => {
    await configure({ pollsUntilReady: 2 });
    const reply = await upload();
    expect([reply.status, reply.json.url]).toEqual([202, null]);
    const { id } = reply.json;
    expect((await post({ status: 'a', media_ids: [id] })).json.error).toMatch(/not finished processing/);
    const looks = [await readMedia(id), await readMedia(id), await readMedia(id)];
    expect(looks.map(({ status }) => status)).toEqual([206, 206, 200]);
    expect(looks.map(({ json }) => json.url)).toEqual([null, null, expect.stringMatching(/^http/)]);
    expect((await post({ status: 'a', media_ids: [id] })).status).toBe(200);
  });

  it('422 for a file whose processing failed', async () => {
    await sandbox.control('faults', { platform: 'mastodon', step: 'upload', fault: 'processing-failed' });
    const reply = await upload();
    expect(reply.status).toBe(202);
    expect((await readMedia(reply.json.id)).status).toBe(422);
    expect((await post({ status: 'a', media_ids: [reply.json.id] })).status).toBe(422);
  });

  it.each([
    ['video', mp4(), 'video/mp4'],
    ['gifv', gif(), 'image/gif'],
  ])('202 for a %s, which is processed, and may fail', async (type, bytes, mimeType) => {
    await configure({ videoPollsUntilReady: 2 });
    const reply = await upload({ bytes, description: 'It moves' });
    expect([reply.status, reply.json.url, reply.json.type]).toEqual([202, null, type]);
    const { id } = reply.json;
    expect((await readMedia(id)).status).toBe(206);
    expect((await post({ media_ids: [id] })).json.error).toMatch(/not finished processing/);
    await readMedia(id);
    expect((await post({ media_ids: [id] })).status).toBe(200);
    const [{ media }] = await publicPosts();
    expect(media).toMatchObject([{ altText: 'It moves', mimeType }]);
    const shown = await fetch(media[0].url);
    expect(shown.headers.get('content-type')).toBe(mimeType);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(bytes);

    await sandbox.control('faults', { platform: 'mastodon', step: 'upload', fault: 'processing-failed' });
    const failing = await uploadedId({ bytes });
    const looks = [await readMedia(failing), await readMedia(failing), await readMedia(failing)];
    expect(looks.map(({ status }) => status)).toEqual([206, 206, 422]);
  });

  it.each([
    ['a video and an image', mp4(), jpeg],
    ['a GIF and an image', gif(), jpeg],
    ['two videos', mp4('one'), mp4('two')],
  ])('422 for %s in one status', async (_name, first, second) => {
    await configure({ videoPollsUntilReady: 0 });
    const media_ids = [await uploadedId({ bytes: first }), await uploadedId({ bytes: second })];
    expect((await post({ status: 'a', media_ids })).json.error).toMatch(/Cannot attach a video/);
    expect(await publicPosts()).toEqual([]);
  });

  it('422 for a file above the limits of this server, or of an unsupported kind', async () => {
    await configure({ videoSizeLimit: 1_000, imageSizeLimit: 100 });
    const large = (bytes: Buffer) => upload({ bytes: Buffer.concat([bytes, Buffer.alloc(500)]) });
    expect((await large(mp4())).status).toBe(202);
    expect((await large(jpeg)).json.error).toMatch(/File must be less than/);
    expect((await large(gif())).json.error).toMatch(/File must be less than/);
    await configure({ videoSizeLimit: 100 });
    expect((await large(mp4())).json.error).toMatch(/File must be less than/);
    expect((await upload({ bytes: gif(1_281, 720) })).json.error).toMatch(/1281x720 images are not/);
    await configure({ takesVideos: false });
    expect((await upload({ bytes: mp4() })).json.error).toMatch(/content type is invalid/);
  });

  it('404 for a file of another account, and for an attached one', async () => {
    const id = await uploadedId();
    expect((await readMedia(id, 'bob')).status).toBe(404);
    await post({ status: 'a', media_ids: [id] });
    expect((await readMedia(id)).status).toBe(404);
  });

  it.each([
    ['a file that is not an image', { bytes: Buffer.from('hello') }],
    ['an empty file', { bytes: Buffer.alloc(0) }],
    ['a long description', { description: 'a'.repeat(1_501) }],
    ['a large image', { bytes: Buffer.concat([jpeg, Buffer.alloc(16_777_216)]) }],
  ])('422 for %s', async (_name, options) => {
    const reply = await upload(options);
    expect(reply.status).toBe(422);
    expect(reply.json.error).toMatch(/^Validation failed: /);
  });

  it('200 for a later description', async () => {
    const id = await uploadedId();
    const json = { description: 'A dog' };
    await sandbox.send(api(`/v1/media/${id}`), { method: 'PUT', account: 'ann', json });
    await post({ status: 'a', media_ids: [id] });
    expect((await publicPosts())[0].media[0].altText).toBe('A dog');
  });
});

describe('Mastodon: the list of statuses', () => {
  it('has HTML: paragraphs, breaks, escapes, shortened links, mentions without domain, hashtags', async () => {
    const link = 'https://www.example.com/a/very/long/path/that/is/cut?b=1&c=2';
    const status = `One\nTwo\n\n<b> & "q" 'a' #tag @alice@social.example @bob ${link}.`;
    const { id } = (await post({ status })).json;
    const [shown] = (await list()).json;
    expect(shown.id).toBe(id);
    const href = link.replace('&', '&amp;');
    expect(shown.content).toBe(
      '<p>One<br />Two</p><p>&lt;b&gt; &amp; &quot;q&quot; &#39;a&#39; ' +
        '<a href="https://mastodon.example/tags/tag" class="mention hashtag" rel="tag">#<span>tag</span></a> ' +
        '<span class="h-card" translate="no"><a href="https://social.example/@alice" class="u-url mention">@<span>alice</span></a></span> ' +
        `@bob <a href="${href}" target="_blank" rel="nofollow noopener noreferrer"><span class="invisible">https://www.</span>` +
        '<span class="ellipsis">example.com/a/very/long/path/t</span><span class="invisible">hat/is/cut?b=1&amp;c=2</span></a>.</p>',
    );
    const source = await sandbox.send(api(`/v1/statuses/${id}/source`), { account: 'ann' });
    expect(source.json.text).toBe(status);
  });

  it('is newest first; since_id and max_id page from the newest, min_id from the oldest', async () => {
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c', 'd', 'e']) ids.push((await post({ status: text })).json.id);
    expect(await listedTexts()).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect(await listedTexts('limit=2')).toEqual(['e', 'd']);
    expect(await listedTexts(`since_id=${ids[1]}&limit=2`)).toEqual(['e', 'd']);
    expect(await listedTexts(`since_id=${ids[1]}&max_id=${ids[3]}`)).toEqual(['c']);
    expect(await listedTexts(`min_id=${ids[0]}&limit=2`)).toEqual(['c', 'b']);
    expect((await list('limit=2')).headers.get('link')).toMatch(
      new RegExp(`max_id=${ids[3]}>; rel="next".*min_id=${ids[4]}>; rel="prev"`),
    );
    expect((await list(`since_id=${ids[4]}`)).json).toEqual([]);
  });

  it('has at most 40 statuses', async () => {
    for (let count = 0; count < 45; count += 1) await post({ status: `Number ${count}` });
    expect((await list('limit=100')).json).toHaveLength(40);
    expect((await list()).json).toHaveLength(20);
  });

  it('shows private statuses to their author only', async () => {
    await post({ status: 'secret', visibility: 'private' });
    await post({ status: 'open', visibility: 'unlisted' });
    expect(await listedTexts()).toEqual(['open', 'secret']);
    expect(await listedTexts('', 'bob')).toEqual(['open']);
  });

  it('is 404 for an unknown account', async () => {
    const reply = await sandbox.send(api('/v1/accounts/1/statuses'), { account: 'ann' });
    expect([reply.status, reply.json]).toEqual([404, { error: 'Record not found' }]);
  });
});

describe('Mastodon: rate limits', () => {
  it('count down to a date, refuse with 429 at the limit, and restart with the next window', async () => {
    await configure({ callsPerWindow: 2 });
    const replies = [await post({ status: 'a' }), await post({ status: 'b' }), await post({ status: 'c' })];
    expect(replies.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['1', '0', '0']);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(replies[2]?.json).toEqual({ error: 'Too many requests' });
    expect(replies[2]?.headers.get('retry-after')).toBeNull();
    const reset = replies[2]?.headers.get('x-ratelimit-reset') ?? '';
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d[05]:00\.000000Z$/);
    expect((await post({ status: 'mine' }, { account: 'bob' })).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 300_000 });
    expect((await post({ status: 'c' })).status).toBe(200);
  });

  it('count uploads separately, per half hour', async () => {
    await configure({ slowCallsPerWindow: 1 });
    expect((await upload()).headers.get('x-ratelimit-limit')).toBe('1');
    const reply = await upload();
    expect(reply.status).toBe(429);
    expect(reply.headers.get('x-ratelimit-reset')).toMatch(/T\d\d:[03]0:00\.000000Z$/);
    expect((await post({ status: 'a' })).status).toBe(200);
  });
});

it('Mastodon: 404 in its own format for an unknown path', async () => {
  const reply = await sandbox.send('/mastodon/nothing', { account: 'ann' });
  expect([reply.status, reply.json]).toEqual([404, { error: 'Record not found' }]);
});
