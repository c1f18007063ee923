import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { blueskyPost, jpeg, png, putRecord, startSandbox, tid, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
let did: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  did = await sandbox.idOf('bluesky', 'ann');
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const hourMs = 3_600_000;
const collection = 'app.bsky.feed.post';
const selfLabels = 'com.atproto.label.defs#selfLabels';

const post = (path: string, json: unknown, account = 'ann') =>
  sandbox.send(`/bluesky/xrpc/${path}`, { account, json });
const put = (record: unknown, over: Record<string, unknown> = {}) =>
  post('com.atproto.repo.putRecord', { ...putRecord(did, record), ...over });
const upload = (body: Buffer, type = 'image/jpeg', account = 'ann') =>
  sandbox.send('/bluesky/xrpc/com.atproto.repo.uploadBlob', {
    account,
    body,
    headers: { 'content-type': type },
  });
const read = (rkey: string, repo = did) => {
  const query = new URLSearchParams({ repo, collection, rkey });
  return sandbox.send(`/bluesky/xrpc/com.atproto.repo.getRecord?${query.toString()}`, { account: 'ann' });
};
const list = async (query: Record<string, string> = {}) => {
  const search = new URLSearchParams({ repo: did, collection, ...query });
  return (
    await sandbox.send(`/bluesky/xrpc/com.atproto.repo.listRecords?${search.toString()}`, { account: 'ann' })
  ).json;
};
const texts = async () =>
  (await sandbox.publicPosts('bluesky', 'ann')).map((each: { text: string }) => each.text);

describe('Bluesky: sessions', () => {
  const signIn = (identifier: string, password = 'sandbox-ann') =>
    sandbox.send('/bluesky/xrpc/com.atproto.server.createSession', { json: { identifier, password } });
  const session = (token: string) => sandbox.send('/bluesky/xrpc/com.atproto.server.getSession', { token });
  const refresh = (token: string) =>
    sandbox.send('/bluesky/xrpc/com.atproto.server.refreshSession', { token, method: 'POST' });

  it('200 for an app password, with tokens of the account', async () => {
    expect(did).toMatch(/^did:plc:[a-z2-7]{24}$/);
    for (const identifier of ['ann.test', did]) {
      const reply = await signIn(identifier);
      expect(reply.status).toBe(200);
      expect(reply.json).toMatchObject({ did, handle: 'ann.test' });
      expect((await session(reply.json.accessJwt)).json).toMatchObject({ did, handle: 'ann.test' });
    }
  });

  it('401 AuthenticationRequired for a wrong password, or that of another account', async () => {
    for (const [identifier, password] of [
      ['ann.test', 'nonsense'],
      ['bob.test', 'sandbox-ann'],
    ] as const) {
      const reply = await signIn(identifier, password);
      expect([reply.status, reply.json.error]).toEqual([401, 'AuthenticationRequired']);
    }
  });

  it('401 AuthMissing without a token, 400 InvalidToken for an unknown one', async () => {
    const missing = await sandbox.send('/bluesky/xrpc/com.atproto.server.getSession');
    expect([missing.status, missing.json.error]).toEqual([401, 'AuthMissing']);
    const invalid = await session('other');
    expect([invalid.status, invalid.json.error]).toEqual([400, 'InvalidToken']);
  });

  it('400 ExpiredToken, not 401, for an access token after two hours', async () => {
    const { accessJwt } = (await signIn('ann.test')).json;
    await sandbox.control('clock', { offsetMs: 2 * hourMs - 60_000 });
    expect((await session(accessJwt)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 2 * hourMs + 1_000 });
    const late = await session(accessJwt);
    expect([late.status, late.json.error]).toEqual([400, 'ExpiredToken']);
  });

  it('200 for a refresh; the used refresh token works for two more hours, then it is revoked', async () => {
    const { accessJwt, refreshJwt } = (await signIn('ann.test')).json;
    expect((await refresh(accessJwt)).json.error).toBe('InvalidToken');
    expect((await session(refreshJwt)).json.error).toBe('InvalidToken');
    const fresh = (await refresh(refreshJwt)).json;
    expect(fresh.refreshJwt).not.toBe(refreshJwt);
    expect((await session(fresh.accessJwt)).status).toBe(200);
    expect((await refresh(refreshJwt)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 2 * hourMs + 1_000 });
    expect((await refresh(refreshJwt)).json.error).toBe('ExpiredToken');
    expect((await refresh(fresh.refreshJwt)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 91 * 24 * hourMs });
    expect((await refresh(fresh.refreshJwt)).json.error).toBe('ExpiredToken');
  });

  it('429 for the 31st sign-in within five minutes', async () => {
    for (let count = 0; count < 30; count += 1) expect((await signIn('ann.test')).status).toBe(200);
    const refused = await signIn('ann.test');
    expect([refused.status, refused.json.error]).toEqual([429, 'RateLimitExceeded']);
    expect(refused.headers.get('ratelimit-policy')).toBe('30;w=300');
    await sandbox.control('clock', { offsetMs: 300_000 });
    expect((await signIn('ann.test')).status).toBe(200);
  });

  it('200 resolves a handle; 400 for an unknown one', async () => {
    const resolve = (handle: string) =>
      sandbox.send(`/bluesky/xrpc/com.atproto.identity.resolveHandle?handle=${handle}`, { account: 'ann' });
    expect((await resolve('Ann.test')).json).toEqual({ did });
    expect((await resolve('nobody.test')).status).toBe(400);
    expect((await resolve('ann.example')).status).toBe(400);
  });
});

describe('Bluesky: putRecord', () => {
  it('200 returns URI, CID and commit, and the record can be read', async () => {
    const rkey = tid();
    const record = blueskyPost('Hello');
    const reply = await put(record, { rkey });
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      uri: `at://${did}/${collection}/${rkey}`,
      cid: expect.stringMatching(/^bafyrei[a-z2-7]{52}$/),
      commit: {
        cid: expect.stringMatching(/^bafyrei/),
        rev: expect.stringMatching(/^[2-7a-j][2-7a-z]{12}$/),
      },
      validationStatus: 'valid',
    });
    const { uri, cid } = reply.json;
    expect((await read(rkey)).json).toEqual({ uri, cid, value: record });
    expect((await read(rkey, 'ann.test')).json.cid).toBe(cid);
    expect(await sandbox.publicPosts('bluesky', 'ann')).toMatchObject([
      { id: uri, text: 'Hello', url: `${sandbox.url}/bluesky/profile/${did}/post/${rkey}` },
    ]);
  });

  it('200 without a commit for the same record again, in any order of its fields', async () => {
    const rkey = tid();
    const first = (await put(blueskyPost('Once'), { rkey })).json;
    const { $type, createdAt, text } = blueskyPost('Once');
    const again = await put({ text, createdAt, $type }, { rkey, swapRecord: null });
    expect(again.status).toBe(200);
    expect(again.json).toEqual({ uri: first.uri, cid: first.cid, validationStatus: 'valid' });
    expect(await texts()).toEqual(['Once']);
  });

  it('one post and one commit for six concurrent calls', async () => {
    const rkey = tid();
    const replies = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => put(blueskyPost('Race'), { rkey, swapRecord: null })),
    );
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(replies.filter((reply) => reply.json.commit)).toHaveLength(1);
    expect(await texts()).toEqual(['Race']);
  });

  it('400 InvalidSwap with swapRecord null where another record exists; without it, an edit', async () => {
    const rkey = tid();
    const first = (await put(blueskyPost('First'), { rkey, swapRecord: null })).json;
    const refused = await put(blueskyPost('Second'), { rkey, swapRecord: null });
    expect([refused.status, refused.json]).toEqual([
      400,
      { error: 'InvalidSwap', message: `Record was at ${first.cid}` },
    ]);
    expect(await texts()).toEqual(['First']);
    expect((await put(blueskyPost('Second'), { rkey })).json.commit).toBeDefined();
    expect(await texts()).toEqual(['Second']);
    const stale = await put(blueskyPost('Third'), { rkey, swapRecord: first.cid });
    expect(stale.json.error).toBe('InvalidSwap');
    const nothing = await put(blueskyPost('New'), { rkey: tid(), swapRecord: first.cid });
    expect(nothing.json.message).toBe('Record was at null');
    expect(await texts()).toEqual(['Second']);
  });

  it('creates the record again after a delete, which is idempotent', async () => {
    const rkey = tid();
    const record = blueskyPost('Gone');
    await put(record, { rkey });
    for (const expected of ['first', 'again']) {
      const reply = await post('com.atproto.repo.deleteRecord', { repo: did, collection, rkey });
      expect([expected, reply.status]).toEqual([expected, 200]);
    }
    expect([await texts(), (await read(rkey)).json.error]).toEqual([[], 'RecordNotFound']);
    expect((await put(record, { rkey, swapRecord: null })).json.commit).toBeDefined();
    expect(await texts()).toEqual(['Gone']);
  });

  it('500 from createRecord for an existing key', async () => {
    const create = (rkey?: string) =>
      post('com.atproto.repo.createRecord', { repo: did, collection, rkey, record: blueskyPost('Made') });
    const rkey = tid();
    expect((await create(rkey)).status).toBe(200);
    const again = await create(rkey);
    expect([again.status, again.json.error]).toEqual([500, 'InternalServerError']);
    expect((await create()).json.uri).toMatch(/\/[2-7a-j][2-7a-z]{12}$/);
    expect(await texts()).toEqual(['Made', 'Made']);
  });

  it.each([
    ['a key that is not a TID', { rkey: 'hello' }],
    ['a TID above the maximum', { rkey: 'zzzzzzzzzzzzz' }],
    ['another collection', { collection: 'app.bsky.feed.like' }],
    ['an unknown field', { colour: 'red' }],
    ['no key', { rkey: undefined }],
  ])('400 InvalidRequest for %s', async (_, over) => {
    const reply = await put(blueskyPost('Hello'), over);
    expect([reply.status, reply.json.error]).toEqual([400, 'InvalidRequest']);
    expect(await texts()).toEqual([]);
  });

  it("401 for another account's repository", async () => {
    const other = await sandbox.idOf('bluesky', 'bob');
    expect((await put(blueskyPost('Hello'), { repo: other })).status).toBe(401);
  });

  it('429 when the points of the hour are used up, with the reset in epoch seconds', async () => {
    await sandbox.control('settings', { platform: 'bluesky', pointsPerHour: 4 });
    const first = await put(blueskyPost('One'));
    expect(first.headers.get('ratelimit-remaining')).toBe('2');
    expect(first.headers.get('ratelimit-policy')).toBe('4;w=3600');
    await put(blueskyPost('Two'));
    const refused = await put(blueskyPost('Three'));
    expect([refused.status, refused.json]).toEqual([
      429,
      { error: 'RateLimitExceeded', message: 'Rate Limit Exceeded' },
    ]);
    const resetsInMs = Number(refused.headers.get('ratelimit-reset')) * 1000 - Date.now();
    expect(resetsInMs).toBeGreaterThan(hourMs - 30_000);
    expect(resetsInMs).toBeLessThan(hourMs + 2_000);
    expect(refused.headers.get('retry-after')).toBeNull();
    await sandbox.control('clock', { offsetMs: hourMs });
    expect((await put(blueskyPost('Three'))).status).toBe(200);
  });
});

describe('Bluesky: the record', () => {
  const family = '👨‍👩‍👧‍👦';
  it.each([
    ['300 thumbs', '👍'.repeat(300)],
    ['120 families: 3,000 bytes', family.repeat(120)],
    ['300 letters with an accent of their own', 'e\u0301'.repeat(300)],
    ['an empty text', ''],
  ])('200 for %s', async (_, text) => {
    expect((await put(blueskyPost(text))).status).toBe(200);
  });

  it.each([
    ['301 letters', 'a'.repeat(301), /must not be longer than 300 graphemes/],
    ['121 families: 3,025 bytes', family.repeat(121), /must not be longer than 3000 characters/],
  ])('400 for %s', async (_, text, message) => {
    const reply = await put(blueskyPost(text));
    expect([reply.status, reply.json.error]).toEqual([400, 'InvalidRequest']);
    expect(reply.json.message).toMatch(message);
  });

  const link = (byteStart: number, byteEnd: number) => ({
    index: { byteStart, byteEnd },
    features: [{ $type: 'app.bsky.richtext.facet#link', uri: 'https://example.com' }],
  });
  const aspectRatio = { width: 0, height: 1 };
  const ref = { $link: `bafkrei${'a'.repeat(52)}` };
  const blob = { $type: 'blob', ref, mimeType: 'image/jpeg', size: 1 };
  const film = { ...blob, mimeType: 'video/mp4' };
  const video = (over: object = {}) => ({ $type: 'app.bsky.embed.video', video: { ...film, ...over } });

  it.each([
    ['no date', { createdAt: undefined }],
    ['an invalid date', { createdAt: '2026-13-22T10:00:00Z' }],
    ['another type', { $type: 'app.bsky.feed.like' }],
    ['no text', { text: undefined }],
    ['a fourth language', { langs: ['en', 'de', 'fr', 'it'] }],
    ['a ninth tag', { tags: [...'abcdefghi'] }],
    ['a tag of 650 bytes', { tags: ['👨‍👩‍👧‍👦'.repeat(26)] }],
    ['a language by its name', { langs: ['English'.repeat(2)] }],
    ['a language with an underscore', { langs: ['pt_BR'] }],
    ['a label that stands alone', { labels: { $type: selfLabels, values: ['nudity'] } }],
    ['labels without their type', { labels: { values: [{ val: 'nudity' }] } }],
    [
      'an eleventh label',
      { labels: { $type: selfLabels, values: Array.from({ length: 11 }, () => ({ val: 'a' })) } },
    ],
    ['a picture for a video', { embed: { $type: 'app.bsky.embed.video', video: blob } }],
    [
      'a video for a picture',
      { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '', image: film }] } },
    ],
    ['a video of 100,000,001 bytes', { embed: video({ size: 100_000_001 }) }],
    ['a video with 1,001 characters of words', { embed: { ...video(), alt: 'a'.repeat(1_001) } }],
    ['a video with 10,025 bytes of words', { embed: { ...video(), alt: '👨‍👩‍👧‍👦'.repeat(401) } }],
    [
      'a link that is none',
      {
        facets: [
          {
            index: { byteStart: 0, byteEnd: 1 },
            features: [{ $type: 'app.bsky.richtext.facet#link', uri: 'a b' }],
          },
        ],
      },
    ],
    [
      'a mention by handle',
      {
        facets: [
          {
            index: { byteStart: 0, byteEnd: 1 },
            features: [{ $type: 'app.bsky.richtext.facet#mention', did: 'ann.test' }],
          },
        ],
      },
    ],
    [
      'a tag of 65 characters',
      {
        facets: [
          {
            index: { byteStart: 0, byteEnd: 1 },
            features: [{ $type: 'app.bsky.richtext.facet#tag', tag: 'a'.repeat(65) }],
          },
        ],
      },
    ],
    [
      'five images',
      {
        embed: {
          $type: 'app.bsky.embed.images',
          images: Array.from({ length: 5 }, () => ({ alt: '', image: blob })),
        },
      },
    ],
    ['an image without alt', { embed: { $type: 'app.bsky.embed.images', images: [{ image: blob }] } }],
    [
      'a ratio of zero',
      { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '', image: blob, aspectRatio }] } },
    ],
    [
      'a card without a title',
      {
        embed: {
          $type: 'app.bsky.embed.external',
          external: { uri: 'https://example.com', description: '' },
        },
      },
    ],
  ])('400 InvalidRequest for %s', async (_, over) => {
    const reply = await put({ ...blueskyPost('Hello'), ...over });
    expect([reply.status, reply.json.error]).toEqual([400, 'InvalidRequest']);
    expect(reply.json.message).toMatch(/^Invalid app\.bsky\.feed\.post record: /);
    expect(await texts()).toEqual([]);
  });

  const strongRef = {
    uri: 'at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3k22222222222',
    cid: `bafyrei${'a'.repeat(52)}`,
  };
  const card = { uri: 'https://example.com', title: 'Example', description: '' };
  const external = { $type: 'app.bsky.embed.external', external: card };
  const quote = { $type: 'app.bsky.embed.record', record: strongRef };

  it.each([
    ['a reply', { reply: { root: strongRef, parent: strongRef } }],
    ['a quote', { embed: quote }],
    [
      'a quote with a card',
      { embed: { $type: 'app.bsky.embed.recordWithMedia', record: quote, media: external } },
    ],
    ['an embed of a later lexicon', { embed: { $type: 'app.bsky.embed.later', anything: true } }],
    ['a field of a later lexicon', { colour: 'red' }],
    ['a card with its associated records', { embed: { ...external, associatedRecords: [strongRef] } }],
    [
      'a feature of a later lexicon',
      { facets: [{ index: { byteStart: 0, byteEnd: 1 }, features: [{ $type: 'com.example.bold' }] }] },
    ],
    ['the entities of older apps', { entities: [] }],
    ['a facet behind the text', { facets: [link(0, 400)] }],
  ])('200 for a record that the lexicons allow: %s', async (_, over) => {
    const reply = await put({ ...blueskyPost('Hello'), ...over });
    expect([reply.status, reply.json]).toMatchObject([200, { validationStatus: 'valid' }]);
  });

  it('keeps reply and quote, for getRecord and for the oracle', async () => {
    const reply = { root: strongRef, parent: strongRef };
    const rkey = tid();
    await put({ ...blueskyPost('Hello'), reply, embed: quote }, { rkey });
    expect((await read(rkey)).json.value).toMatchObject({ reply, embed: quote });
    expect(await sandbox.publicPosts('bluesky', 'ann')).toMatchObject([
      { settings: { inReplyTo: strongRef.uri, quoted: strongRef.uri } },
    ]);
  });

  it.each([
    ['a reply without its root', { reply: { parent: strongRef } }],
    ['a reply to a web page', { reply: { root: strongRef, parent: { ...strongRef, uri: 'https://a.b/c' } } }],
    ['a reply to a record without a CID', { reply: { root: strongRef, parent: { uri: strongRef.uri } } }],
    ['a quote without a record', { embed: { $type: 'app.bsky.embed.record' } }],
    [
      'a quote with a reference for its media',
      { embed: { ...quote, $type: 'app.bsky.embed.recordWithMedia' } },
    ],
    ['an embed without a type', { embed: { images: [] } }],
    ['an invalid CID', { embed: { ...quote, record: { ...strongRef, cid: 'abc' } } }],
  ])('400 for a record that the lexicons do not allow: %s', async (_, over) => {
    const reply = await put({ ...blueskyPost('Hello'), ...over });
    expect([reply.status, reply.json.error]).toEqual([400, 'InvalidRequest']);
    expect(await texts()).toEqual([]);
  });

  it.each([
    ['an unknown field', { colour: 'red' }],
    ['a date without a zone', { createdAt: '2026-11-22T10:00:00' }],
    ['a facet behind the text', { text: 'é!', facets: [link(0, 4)] }],
    ['a facet that cuts a character', { text: 'é!', facets: [link(1, 3)] }],
    ['an empty facet', { text: 'é!', facets: [link(2, 2)] }],
    ['facets that overlap', { text: 'abcdef', facets: [link(2, 5), link(0, 3)] }],
  ])('400 with refusesSlips, unlike on real servers: %s', async (_, over) => {
    await sandbox.control('settings', { platform: 'bluesky', refusesSlips: true });
    const reply = await put({ ...blueskyPost('Hello'), ...over });
    expect([reply.status, reply.json.error]).toEqual([400, 'InvalidRequest']);
  });

  it('200 for a facet after an emoji, counted in bytes, and for a link card', async () => {
    const facets = [link(Buffer.byteLength('👍 '), Buffer.byteLength('👍 here'))];
    expect((await put({ ...blueskyPost('👍 here'), facets, embed: external })).status).toBe(200);
    expect(await sandbox.publicPosts('bluesky', 'ann')).toMatchObject([{ settings: { external: card } }]);
  });

  it('200 for language tags of every form, and for labels; the oracle shows them', async () => {
    const langs = ['de', 'zh-Hant-TW', 'sl-rozaj-biske-1994'];
    const labels = { $type: selfLabels, values: [{ val: 'nudity' }, { val: 'graphic-media' }] };
    expect((await put({ ...blueskyPost('Hello'), langs, labels })).status).toBe(200);
    expect(await sandbox.publicPosts('bluesky', 'ann')).toMatchObject([
      { settings: { langs, labels: ['nudity', 'graphic-media'] } },
    ]);
  });
});

describe('Bluesky: videos', () => {
  const mp4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom', 'latin1'), Buffer.from('a small film')]);
  const withVideo = (video: unknown) => ({
    ...blueskyPost('Look'),
    embed: { $type: 'app.bsky.embed.video', video, alt: 'A film', aspectRatio: { width: 16, height: 9 } },
  });

  it('are uploaded as bytes, recognised by content, and shown in a post, also by the oracle', async () => {
    const { blob } = (await upload(mp4, 'application/octet-stream')).json;
    expect(blob).toMatchObject({ mimeType: 'video/mp4', size: mp4.length });
    expect((await put(withVideo(blob))).status).toBe(200);
    const [post] = await sandbox.publicPosts('bluesky', 'ann');
    expect(post.media).toMatchObject([{ altText: 'A film', mimeType: 'video/mp4' }]);
    const shown = await fetch(post.media[0].url);
    expect(shown.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(mp4);
  });

  it('may be as large as on Bluesky’s own servers; 413 above that, and above a smaller blobUploadLimit', async () => {
    const large = Buffer.alloc(50 * 1024 * 1024);
    mp4.copy(large);
    const { blob } = (await upload(large, 'video/mp4')).json;
    expect((await put(withVideo(blob))).status).toBe(200);
    const refused = await upload(Buffer.alloc(large.length + 1), 'video/mp4');
    expect([refused.status, refused.json.error]).toEqual([413, 'PayloadTooLarge']);
    await sandbox.control('settings', { platform: 'bluesky', blobUploadLimit: 5 * 1024 * 1024 });
    expect((await upload(Buffer.alloc(5 * 1024 * 1024 + 1), 'video/mp4')).status).toBe(413);
  });

  it('400 for a MOV, and for an expired video', async () => {
    const mov = Buffer.concat([Buffer.from('\0\0\0\x14ftypqt  ', 'latin1'), mp4]);
    const { blob } = (await upload(mov, 'video/mp4')).json;
    expect(blob.mimeType).toBe('video/quicktime');
    expect((await put(withVideo(blob))).json.error).toBe('InvalidRequest');
    const film = (await upload(mp4, 'video/mp4')).json.blob;
    await sandbox.control('clock', { offsetMs: 300_000 });
    expect((await put(withVideo(film))).json.error).toBe('BlobNotFound');
  });
});

describe('Bluesky: images', () => {
  const withImages = (...blobs: unknown[]) => ({
    ...blueskyPost('Look'),
    embed: {
      $type: 'app.bsky.embed.images',
      images: blobs.map((image) => ({ alt: 'A cat', image, aspectRatio: { width: 4, height: 3 } })),
    },
  });

  it('are uploaded as bytes, named by a hash of their content, and shown in a post', async () => {
    const { blob } = (await upload(jpeg)).json;
    expect(blob).toEqual({
      $type: 'blob',
      ref: { $link: expect.stringMatching(/^bafkrei[a-z2-7]{52}$/) },
      mimeType: 'image/jpeg',
      size: jpeg.length,
    });
    // The published CID of these five bytes.
    const hello = (await upload(Buffer.from('hello'), 'text/x-plain')).json.blob;
    expect(hello.ref.$link).toBe('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq');
    expect((await upload(jpeg)).json.blob).toEqual(blob);
    const other = (await upload(png, 'image/jpeg')).json.blob;
    expect(other.mimeType).toBe('image/png');
    expect((await put(withImages(blob, other))).status).toBe(200);
    expect(await sandbox.publicPosts('bluesky', 'ann')).toMatchObject([
      { mediaCount: 2, media: [{ altText: 'A cat' }, { altText: 'A cat' }] },
    ]);
  });

  it('400 BlobNotFound for a blob that is unknown, of another account, or expired', async () => {
    const { blob } = (await upload(jpeg)).json;
    const theirs = (await upload(png, 'image/png', 'bob')).json.blob;
    const unknown = { ...blob, ref: { $link: `bafkrei${'a'.repeat(52)}` } };
    for (const missing of [theirs, unknown]) {
      const reply = await put(withImages(missing));
      expect([reply.status, reply.json.error]).toEqual([400, 'BlobNotFound']);
    }
    await sandbox.control('clock', { offsetMs: 300_000 });
    expect((await put(withImages(blob))).json.error).toBe('BlobNotFound');
    await upload(jpeg);
    expect((await put(withImages(blob))).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 24 * hourMs });
    expect((await put(withImages(blob))).status).toBe(200);
  });

  it('400 at the record, not at the upload, for more than 2,000,000 bytes', async () => {
    const large = (await upload(Buffer.concat([jpeg, Buffer.alloc(2_000_001 - jpeg.length)]))).json.blob;
    expect(large.size).toBe(2_000_001);
    const reply = await put(withImages(large));
    expect([reply.status, reply.json.message]).toEqual([
      400,
      expect.stringMatching(/blob too big \(maximum 2000000/),
    ]);
  });

  it('400 for a blob with a wrong type or size in the record', async () => {
    const { blob } = (await upload(jpeg)).json;
    expect((await put(withImages({ ...blob, mimeType: 'image/png' }))).status).toBe(400);
    expect((await put(withImages({ ...blob, size: 7 }))).status).toBe(400);
    expect(await texts()).toEqual([]);
  });
});

describe('Bluesky: reading', () => {
  it('400 RecordNotFound only for an absent record; other errors have other codes', async () => {
    const absent = await read(tid());
    expect([absent.status, absent.json.error]).toEqual([400, 'RecordNotFound']);
    expect((await read(tid(), 'did:plc:nobody')).json.error).toBe('InvalidRequest');
    const asked = await sandbox.send('/bluesky/xrpc/com.atproto.repo.getRecord?repo=ann.test', {
      account: 'ann',
    });
    expect(asked.json.error).toBe('InvalidRequest');
  });

  it('lists by key, newest first or oldest first, in pages', async () => {
    const keys = [tid(), tid(), tid()];
    for (const rkey of [keys[1], keys[0], keys[2]]) await put(blueskyPost(`Post ${rkey}`), { rkey });
    const keysOf = (page: { records: { uri: string }[] }) =>
      page.records.map((record) => record.uri.split('/').at(-1));
    const first = await list({ limit: '2' });
    expect(keysOf(first)).toEqual([keys[2], keys[1]]);
    const second = await list({ limit: '2', cursor: first.cursor });
    expect(keysOf(second)).toEqual([keys[0]]);
    expect(keysOf(await list({ reverse: 'true' }))).toEqual(keys);
    expect((await list({ limit: '101' })).error).toBe('InvalidRequest');
  });
});
