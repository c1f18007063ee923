import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bluesky } from '../../src/bluesky/index.ts';
import { recordOf } from '../../src/bluesky/record.ts';
import type { ByteRange } from '../../src/http.ts';
import { openDelivery, openStage, videoFile, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string, over: Partial<Parameters<typeof openDelivery>[2]> = {}) =>
  openDelivery(stage, bluesky, { account: 'ada', text, withImage: false, ...over });
const arm = (step: string, fault: string, over: { times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'bluesky', step, fault, ...over });
const publicPosts = () => stage.posts('bluesky', 'ada');

interface Entry {
  uri: string;
  cid: string;
  value: {
    text: string;
    createdAt: string;
    facets?: { index: { byteStart: number; byteEnd: number }; features: Record<string, string>[] }[];
    embed?: unknown;
    langs?: string[];
    labels?: unknown;
  };
}

/** The records of the account's repository, read from the platform. */
async function recordsOf(delivery: Delivery): Promise<Entry[]> {
  const { json } = await delivery.call.http.request({
    method: 'GET',
    path: '/xrpc/com.atproto.repo.listRecords',
    query: { repo: delivery.call.account.remoteAccountId, collection: 'app.bsky.feed.post' },
    headers: { authorization: `Bearer ${delivery.token}` },
  });
  return (json as { records: Entry[] }).records;
}

async function sendAndLose(delivery: Delivery): Promise<void> {
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm('publish', 'commit-then-drop');
  expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
}

describe('Bluesky: the record', () => {
  it('marks links, hashtags and mentions at the right places', async () => {
    await open('', { account: 'bob' });
    const text = '見て👨‍👩‍👧‍👦 https://example.com/ä#b und #tag @bob.test @nobody.test';
    const delivery = await open(text);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    const shown = '見て👨‍👩‍👧‍👦 example.com/%C3%A4#b und #tag @bob.test @nobody.test';
    expect(record?.value.text).toBe(shown);
    const marked = (record?.value.facets ?? []).map(({ index, features }) => [
      Buffer.from(shown).subarray(index.byteStart, index.byteEnd).toString(),
      features[0]?.['uri'] ?? features[0]?.['tag'] ?? features[0]?.['did'],
    ]);
    expect(marked).toEqual([
      ['example.com/%C3%A4#b', 'https://example.com/ä#b'],
      ['#tag', 'tag'],
      ['@bob.test', expect.stringMatching(/^did:plc:/)],
    ]);
  });

  it('shortens a long link, and a look-up still finds it', async () => {
    const link = `https://example.com/${'a'.repeat(1_500)}`;
    const delivery = await open(`${'b'.repeat(270)} ${link}`);
    await sendAndLose(delivery);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value.text).toBe(`${'b'.repeat(270)} example.com/aaaaaaaaaaaa...`);
    expect(record?.value.facets).toEqual([
      {
        index: { byteStart: 271, byteEnd: 298 },
        features: [{ $type: 'app.bsky.richtext.facet#link', uri: link }],
      },
    ]);
    expect(await publicPosts()).toHaveLength(1);
  });

  it('marks a bare domain, and does not change it', async () => {
    const delivery = await open('Read example.com/blog now');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect((await recordsOf(delivery))[0]?.value).toMatchObject({
      text: 'Read example.com/blog now',
      facets: [{ index: { byteStart: 5, byteEnd: 21 }, features: [{ uri: 'https://example.com/blog' }] }],
    });
  });

  it('has no mention when the handle cannot be resolved, also on the next send', async () => {
    await open('', { account: 'bob' });
    const delivery = await open('Hello @bob.test');
    await arm('identity', '5xx-before-commit');
    await sendAndLose(delivery);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    expect(await recordsOf(delivery)).toHaveLength(1);
    expect((await recordsOf(delivery))[0]?.value.facets).toBeUndefined();
  });

  it('has the image with its alt text and aspect ratio', async () => {
    const delivery = await open('Look', { withImage: true, altText: 'one pixel' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toMatchObject({
      $type: 'app.bsky.embed.images',
      images: [{ alt: 'one pixel', aspectRatio: { width: 1, height: 1 }, image: { mimeType: 'image/jpeg' } }],
    });
  });

  it('has four images in order', async () => {
    const delivery = await open('Four', { withImage: true });
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b', 'c', 'd'].map((id) => ({ ...image, id, altText: id }));
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.filter(({ path }) => path.endsWith('uploadBlob'))).toHaveLength(4);
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toMatchObject({ images: ['a', 'b', 'c', 'd'].map((alt) => ({ alt })) });
  });

  it('is refused with 300 of the longest emoji, and allowed with 120 family emoji', async () => {
    const family = '👨‍👩‍👧‍👦';
    expect(await (await open(family.repeat(120))).run()).toMatchObject({ outcome: 'published' });
    expect(await (await open(family.repeat(121))).run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content' },
    });
  });
});

describe('Bluesky: a second send of a post', () => {
  it('has the same key and date, and does not change the record', async () => {
    const delivery = await open('Once', { withImage: true });
    await sendAndLose(delivery);
    const [first] = await recordsOf(delivery);
    const { rkey, createdAt } = delivery.call.evidence;
    expect(first).toMatchObject({
      uri: `at://${delivery.call.account.remoteAccountId}/app.bsky.feed.post/${String(rkey)}`,
      value: { createdAt },
    });
    await stage.skip(3 * 60 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Sent again without a look-up, which changes nothing.
    expect(await delivery.publish()).toMatchObject({
      outcome: 'published',
      receipt: { remoteId: first?.uri },
    });
    expect(delivery.call.evidence).toMatchObject({ rkey, createdAt });
    expect(await recordsOf(delivery)).toEqual([first]);
  });

  it('makes no second post, also when a frozen worker sends late', async () => {
    const delivery = await open('Sleeper');
    await delivery.prepare();
    const outcomes = await Promise.all([delivery.publish(), delivery.publish(), delivery.publish()]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['published', 'published', 'published']);
    expect(await publicPosts()).toHaveLength(1);
  });

  it('needs a remembered key', async () => {
    const delivery = await open('Unprepared');
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(delivery.writes).toEqual([]);
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
  });

  it('is not confused with another delivery of the same text at the same time', async () => {
    const [first, second] = [await open('Twice'), await open('Twice')];
    const now = new Date();
    for (const delivery of [first, second]) delivery.call.now = () => now;
    expect(await first.run()).toMatchObject({ outcome: 'published' });
    expect(await second.run()).toMatchObject({ outcome: 'published' });
    expect(await publicPosts()).toHaveLength(2);
  });

  it('is unclear after InvalidSwap, and the look-up finds our own record', async () => {
    const delivery = await open('Ours https://example.com');
    await sendAndLose(delivery);
    // Another version might make another record of the same text: here one facet less.
    await delivery.call.http.request({
      method: 'POST',
      path: '/xrpc/com.atproto.repo.putRecord',
      headers: { authorization: `Bearer ${delivery.token}` },
      json: {
        repo: delivery.call.account.remoteAccountId,
        collection: 'app.bsky.feed.post',
        rkey: delivery.call.evidence['rkey'],
        record: {
          $type: 'app.bsky.feed.post',
          text: delivery.call.text,
          createdAt: delivery.call.evidence['createdAt'],
        },
      },
    });
    expect(await delivery.publish()).toMatchObject({
      outcome: 'unclear',
      detail: expect.stringContaining('InvalidSwap'),
    });
    const [post] = await publicPosts();
    const receipt = { remoteId: post?.id, url: post?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('with another text overwrites nothing, and a person is asked', async () => {
    const delivery = await open('Before');
    await sendAndLose(delivery);
    delivery.call.text = 'After';
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    const [post] = await publicPosts();
    const reason = expect.stringContaining(post?.url as string);
    expect(await delivery.lookUp()).toEqual({ outcome: 'uncertain', reason });
    expect(await publicPosts()).toMatchObject([{ text: 'Before' }]);
  });

  it('does not count a record with a later date as ours', async () => {
    const delivery = await open('Same words');
    await sendAndLose(delivery);
    delivery.call.evidence['createdAt'] = '2026-01-01T00:00:00.000Z';
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });
});

const uploads = (delivery: Delivery) => delivery.writes.filter(({ path }) => path.endsWith('uploadBlob'));

describe('Bluesky: the settings', () => {
  const url = 'https://example.com/ä?b#c';
  const linkCard = { url, title: 'A page', description: 'About it' };
  const external = { uri: url, title: 'A page', description: 'About it' };

  it('put a link card below the text; its description is optional', async () => {
    const delivery = await open('Read this', { settings: { linkCard: { url, title: 'A page' } } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toEqual({
      $type: 'app.bsky.embed.external',
      external: { ...external, description: '' },
    });
    expect(await publicPosts()).toMatchObject([{ text: 'Read this', mediaCount: 0 }]);
  });

  it("make the only image the card's picture instead of an image of the post", async () => {
    const delivery = await open('Read this', { withImage: true, settings: { linkCard } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    const thumb = expect.objectContaining({ $type: 'blob', mimeType: 'image/jpeg' });
    expect(record?.value.embed).toEqual({
      $type: 'app.bsky.embed.external',
      external: { ...external, thumb },
    });
    expect(await stage.pictures('bluesky', 'ada')).toEqual(['image: ']);
  });

  it('put languages and labels into the record, and nothing if none were chosen', async () => {
    const settings = { languages: ['de', 'pt-BR'], contentLabels: ['nudity', 'graphic-media'] };
    const delivery = await open('Labelled', { settings });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value).toMatchObject({
      langs: ['de', 'pt-BR'],
      labels: {
        $type: 'com.atproto.label.defs#selfLabels',
        values: [{ val: 'nudity' }, { val: 'graphic-media' }],
      },
    });
    const plain = await open('Plain');
    await plain.prepare();
    expect(Object.keys(recordOf(plain.call) ?? {})).toEqual(['$type', 'text', 'createdAt']);
  });

  it('give the same record on every send, so the second changes nothing', async () => {
    const settings = { languages: ['de'], linkCard, contentLabels: ['sexual'] };
    const delivery = await open('Once', { withImage: true, settings });
    await sendAndLose(delivery);
    const [first] = await recordsOf(delivery);
    expect(first?.value).toEqual(recordOf(delivery.call));
    await stage.skip(60 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({
      outcome: 'published',
      receipt: { remoteId: first?.uri },
    });
    expect(await recordsOf(delivery)).toEqual([first]);
  });
});

describe('Bluesky: a video', () => {
  const FOUR_MIB = 4 * 1024 * 1024;
  const film = (byteSize = 1_000) => videoFile('film', { byteSize, altText: 'A film' });
  const openFilm = (over: Partial<Parameters<typeof openDelivery>[2]> = {}) =>
    open('Watch', { files: [film()], ...over });

  it('goes out once and complete, with alt text and aspect ratio, and is never whole in memory', async () => {
    const file = film(2 * FOUR_MIB + 777);
    const delivery = await openFilm({ files: [file], timeoutMs: 20_000 });
    const ranges: (ByteRange | undefined)[] = [];
    const [video] = delivery.call.media;
    if (!video) throw new Error('no video');
    const counted = (range?: ByteRange) => {
      ranges.push(range);
      return video.bytes(range);
    };
    delivery.call.media = [{ ...video, bytes: counted }];
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(ranges).toEqual([
      { start: 0, end: FOUR_MIB - 1 },
      { start: FOUR_MIB, end: 2 * FOUR_MIB - 1 },
      { start: 2 * FOUR_MIB, end: 2 * FOUR_MIB + 776 },
    ]);
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toEqual({
      $type: 'app.bsky.embed.video',
      video: expect.objectContaining({ $type: 'blob', mimeType: 'video/mp4', size: file.byteSize }),
      alt: 'A film',
      aspectRatio: { width: 1_280, height: 720 },
    });
    const [post, ...others] = await publicPosts();
    expect(others).toEqual([]);
    expect(post?.media).toMatchObject([{ altText: 'A film', mimeType: 'video/mp4' }]);
    const shown = await fetch(post?.media[0]?.url ?? '');
    expect(Buffer.from(await shown.arrayBuffer()).equals(file.content)).toBe(true);
  });

  it.each([
    'drop-before-commit',
    '5xx-before-commit',
    'hang-before-commit',
    'commit-then-drop',
    'commit-then-5xx',
    'truncated-body',
  ])('is uploaded again after a failed upload, and is out once: %s', async (fault) => {
    const delivery = await openFilm();
    await arm('upload', fault, { ms: 500 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await publicPosts()).toEqual([]);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploads(delivery)).toHaveLength(2);
    expect(await publicPosts()).toHaveLength(1);
  });

  it.each(['commit-then-drop', 'commit-then-5xx', 'truncated-body', 'drop-before-commit'])(
    'is out once when the answer to the public call got lost: %s',
    async (fault) => {
      const delivery = await openFilm();
      await arm('publish', fault);
      const fate = await delivery.run();
      const [post, ...others] = await publicPosts();
      expect(others).toEqual([]);
      expect(fate).toMatchObject({ outcome: 'published', receipt: { remoteId: post?.id } });
      expect(uploads(delivery)).toHaveLength(1);
    },
  );

  it('is not uploaded again when a worker died after the upload', async () => {
    const gone = await openFilm({ goneAfterWrites: 1 });
    expect(await gone.prepare()).toEqual({ outcome: 'ready' });
    expect(await gone.publish()).toMatchObject({ outcome: 'unclear' });
    const next = await openFilm({ evidence: gone.call.evidence });
    expect(await next.lookUp()).toEqual({ outcome: 'absent' });
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(uploads(next)).toEqual([]);
    expect(await publicPosts()).toHaveLength(1);
  });

  it('is uploaded again in later attempts only after an hour', async () => {
    await stage.configure('bluesky', { unreferencedBlobMs: 2 * 60 * 60_000 });
    const delivery = await openFilm();
    for (let minutes = 0; minutes < 60; minutes += 20) {
      expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
      await stage.skip(20 * 60_000);
    }
    expect(uploads(delivery)).toHaveLength(1);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(uploads(delivery)).toHaveLength(2);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('is uploaded again if the server deleted it earlier, and is out once', async () => {
    const delivery = await openFilm();
    await delivery.prepare();
    await stage.skip(10 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploads(delivery)).toHaveLength(2);
    expect(await publicPosts()).toHaveLength(1);
  });

  it("larger than the server's limit fails at once with that reason", async () => {
    await stage.configure('bluesky', { blobUploadLimit: 5 * 1024 * 1024 });
    const delivery = await openFilm({ files: [film(8_400_000)] });
    expect(await delivery.run()).toEqual({
      outcome: 'failed',
      failure: {
        kind: 'rejected_content',
        actor: 'user',
        reason: expect.stringMatching(/server of this account takes no files of 8\.4 MB\. .* smaller video/),
        detail: expect.stringContaining('413'),
      },
    });
    expect(uploads(delivery)).toHaveLength(1);
    expect(await publicPosts()).toEqual([]);
  });
});

describe('Bluesky: images', () => {
  it('are uploaded again if the server deleted them, and the record stays the same', async () => {
    const delivery = await open('With image', { withImage: true });
    await delivery.prepare();
    await stage.skip(60 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await publicPosts()).toEqual([]);
    await delivery.prepare();
    expect(uploads(delivery)).toHaveLength(2);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('are uploaded again in a later attempt, because an upload lasts only minutes', async () => {
    const delivery = await open('With image', { withImage: true });
    await delivery.prepare();
    await stage.skip(60 * 60_000);
    await delivery.prepare();
    expect(uploads(delivery)).toHaveLength(2);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('are uploaded one by one; finished ones are not uploaded again after an interruption', async () => {
    const delivery = await open('Two', { withImage: true });
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b'].map((id) => ({ ...image, id }));
    let asked = 0;
    delivery.call.media[1] = {
      ...image,
      id: 'b',
      bytes: () => (asked++ === 0 ? Promise.reject(new Error('the disk is away')) : image.bytes()),
    };
    await expect(delivery.prepare()).rejects.toThrow('the disk is away');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploads(delivery)).toHaveLength(2);
  });
});

it('a rate limit waits for the reset that Bluesky names', async () => {
  const delivery = await open('Slowly');
  await delivery.prepare();
  await arm('publish', 'rate-limited');
  const outcome = await delivery.publish();
  if (outcome.outcome !== 'wait_until') throw new Error(`it is ${outcome.outcome}`);
  const waitMs = outcome.until.getTime() - stage.now().getTime();
  expect(waitMs).toBeGreaterThan(40_000);
  expect(waitMs).toBeLessThan(62_000);
});

it('identity returns the account of a session, and auth_expired for an expired one', async () => {
  const delivery = await open('Session');
  const { json } = await delivery.call.http.request({
    method: 'POST',
    path: '/xrpc/com.atproto.server.createSession',
    json: { identifier: 'ada.test', password: 'sandbox-ada' },
  });
  const session = json as { accessJwt: string; did: string };
  delivery.call.credentials.accessToken = session.accessJwt;
  expect(await bluesky.identity(delivery.call)).toEqual({ remoteAccountId: session.did, handle: 'ada.test' });
  await delivery.prepare();
  await stage.skip(3 * 60 * 60_000);
  expect(await delivery.publish()).toMatchObject({
    outcome: 'failed',
    failure: { kind: 'auth_expired', actor: 'user' },
  });
  expect(await publicPosts()).toEqual([]);
});
