import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bluesky } from '../../src/bluesky/index.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

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
  };
}

/** What the account's repository holds, asked of the platform itself. */
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
  expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
}

describe('Bluesky: the record', () => {
  it('marks links, hashtags and mentions where a reader finds them', async () => {
    await open('', { account: 'bob' });
    const text = '見て👨‍👩‍👧‍👦 https://example.com/ä#b und #tag @bob.test @nobody.test';
    const delivery = await open(text);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value.text).toBe(text);
    const marked = (record?.value.facets ?? []).map(({ index, features }) => [
      Buffer.from(text).subarray(index.byteStart, index.byteEnd).toString(),
      features[0]?.['uri'] ?? features[0]?.['tag'] ?? features[0]?.['did'],
    ]);
    expect(marked).toEqual([
      ['https://example.com/ä#b', 'https://example.com/ä#b'],
      ['#tag', 'tag'],
      ['@bob.test', expect.stringMatching(/^did:plc:/)],
    ]);
  });

  it('goes out without the mention when nobody can be asked, and is the same at the next sending', async () => {
    await open('', { account: 'bob' });
    const delivery = await open('Hello @bob.test');
    await arm('identity', '5xx-before-commit');
    await sendAndLose(delivery);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    expect(await recordsOf(delivery)).toHaveLength(1);
    expect((await recordsOf(delivery))[0]?.value.facets).toBeUndefined();
  });

  it('carries the image with its words and its shape', async () => {
    const delivery = await open('Look', { withImage: true, altText: 'one pixel' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toMatchObject({
      $type: 'app.bsky.embed.images',
      images: [{ alt: 'one pixel', aspectRatio: { width: 1, height: 1 }, image: { mimeType: 'image/jpeg' } }],
    });
  });

  it('carries four images in their order', async () => {
    const delivery = await open('Four', { withImage: true });
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b', 'c', 'd'].map((id) => ({ ...image, id, altText: id }));
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.filter(({ path }) => path.endsWith('uploadBlob'))).toHaveLength(4);
    const [record] = await recordsOf(delivery);
    expect(record?.value.embed).toMatchObject({ images: ['a', 'b', 'c', 'd'].map((alt) => ({ alt })) });
  });

  it('keeps 300 emoji of the account’s longest kind out, and 120 families in', async () => {
    const family = '👨‍👩‍👧‍👦';
    expect(await (await open(family.repeat(120))).run()).toMatchObject({ outcome: 'published' });
    expect(await (await open(family.repeat(121))).run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content' },
    });
  });
});

describe('Bluesky: the same post twice', () => {
  it('keeps key and date over all tries, and the record with them', async () => {
    const delivery = await open('Once', { withImage: true });
    await sendAndLose(delivery);
    const [first] = await recordsOf(delivery);
    const { rkey, createdAt } = delivery.call.witness;
    expect(first).toMatchObject({
      uri: `at://${delivery.call.account.remoteAccountId}/app.bsky.feed.post/${String(rkey)}`,
      value: { createdAt },
    });
    await stage.skip(3 * 60 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Nobody has asked meanwhile: it is sent again, and that changes nothing.
    expect(await delivery.publish()).toMatchObject({
      outcome: 'published',
      receipt: { remoteId: first?.uri },
    });
    expect(delivery.call.witness).toMatchObject({ rkey, createdAt });
    expect(await recordsOf(delivery)).toEqual([first]);
  });

  it('is one post when a sleeper sends what others have sent meanwhile', async () => {
    const delivery = await open('Sleeper');
    await delivery.prepare();
    const outcomes = await Promise.all([delivery.publish(), delivery.publish(), delivery.publish()]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['published', 'published', 'published']);
    expect(await publicPosts()).toHaveLength(1);
  });

  it('does not send without a key that was remembered', async () => {
    const delivery = await open('Unprepared');
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(delivery.writes).toEqual([]);
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
  });

  it('gives two deliveries of one text at one instant two keys', async () => {
    const [first, second] = [await open('Twice'), await open('Twice')];
    const now = new Date();
    for (const delivery of [first, second]) delivery.call.now = () => now;
    expect(await first.run()).toMatchObject({ outcome: 'published' });
    expect(await second.run()).toMatchObject({ outcome: 'published' });
    expect(await publicPosts()).toHaveLength(2);
  });

  it('takes InvalidSwap for a question, and its own record for the answer', async () => {
    const delivery = await open('Ours https://example.com');
    await sendAndLose(delivery);
    // What a later version would make of the same text: a facet less, and so another record.
    await delivery.call.http.request({
      method: 'POST',
      path: '/xrpc/com.atproto.repo.putRecord',
      headers: { authorization: `Bearer ${delivery.token}` },
      json: {
        repo: delivery.call.account.remoteAccountId,
        collection: 'app.bsky.feed.post',
        rkey: delivery.call.witness['rkey'],
        record: {
          $type: 'app.bsky.feed.post',
          text: delivery.call.text,
          createdAt: delivery.call.witness['createdAt'],
        },
      },
    });
    expect(await delivery.publish()).toMatchObject({
      outcome: 'uncertain',
      detail: expect.stringContaining('InvalidSwap'),
    });
    const [post] = await publicPosts();
    const receipt = { remoteId: post?.id, url: post?.url };
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt });
  });

  it('overwrites nothing, and asks a person, where its post has other words', async () => {
    const delivery = await open('Before');
    await sendAndLose(delivery);
    delivery.call.text = 'After';
    expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
    const [post] = await publicPosts();
    const reason = expect.stringContaining(post?.url as string);
    expect(await delivery.reconcile()).toEqual({ outcome: 'cannot-tell', reason });
    expect(await publicPosts()).toMatchObject([{ text: 'Before' }]);
  });

  it('does not take a record of another date for its own', async () => {
    const delivery = await open('Same words');
    await sendAndLose(delivery);
    delivery.call.witness['createdAt'] = '2026-01-01T00:00:00.000Z';
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'cannot-tell' });
  });
});

describe('Bluesky: images', () => {
  const uploads = (delivery: Delivery) => delivery.writes.filter(({ path }) => path.endsWith('uploadBlob'));

  it('are sent again when the server has thrown them away, and the record is the same', async () => {
    const delivery = await open('With image', { withImage: true });
    await delivery.prepare();
    await stage.skip(60 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await publicPosts()).toEqual([]);
    await delivery.prepare();
    expect(uploads(delivery)).toHaveLength(2);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('are renewed before a later try, as an upload lives for minutes', async () => {
    const delivery = await open('With image', { withImage: true });
    await delivery.prepare();
    await stage.skip(60 * 60_000);
    await delivery.prepare();
    expect(uploads(delivery)).toHaveLength(2);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('go up one by one: what is there is not sent again after a break', async () => {
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

it('waits for the reset that Bluesky names', async () => {
  const delivery = await open('Slowly');
  await delivery.prepare();
  await arm('publish', 'rate-limited');
  const outcome = await delivery.publish();
  if (outcome.outcome !== 'wait-until') throw new Error(`it is ${outcome.outcome}`);
  const waitMs = outcome.until.getTime() - stage.now().getTime();
  expect(waitMs).toBeGreaterThan(40_000);
  expect(waitMs).toBeLessThan(62_000);
});

it('knows the account by the token of a session, and says so when that has run out', async () => {
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
