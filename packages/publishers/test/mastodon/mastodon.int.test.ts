import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { countedLength } from '../../src/mastodon/count.ts';
import { mastodon } from '../../src/mastodon/index.ts';
import { compareStatus } from '../../src/mastodon/same-status.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string, withImage = false) =>
  openDelivery(stage, mastodon, { account: 'ada', text, withImage, timeoutMs: 700 });
const arm = (step: string, fault: string, over: { times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'mastodon', step, fault, ...over });
const posts = () => stage.posts('mastodon', 'ada');

const configure = (values: object) => stage.configure('mastodon', values);

/** Sent, with the answer lost. */
async function openLost(text: string, withImage = false): Promise<Delivery> {
  const delivery = await open(text, withImage);
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm('publish', 'commit-then-drop');
  expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
  return delivery;
}

async function receiptOfOnlyPost() {
  const found = await posts();
  expect(found).toHaveLength(1);
  return { remoteId: found[0]?.id, url: found[0]?.url };
}

const keysOf = (delivery: Delivery) =>
  delivery.writes
    .filter(({ path }) => path === '/api/v1/statuses')
    .map(({ headers }) => headers?.['idempotency-key']);

describe('Mastodon images', () => {
  it('are polled until they are ready, and uploaded once', async () => {
    await configure({ pollsUntilReady: 3 });
    const delivery = await open('Slow image', true);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(delivery.writes).toHaveLength(1);
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
  });

  it('that take long let the worker go, and are not uploaded again', async () => {
    await configure({ pollsUntilReady: 8 });
    const delivery = await open('Very slow image', true);
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait-until',
      failure: { kind: 'unavailable', actor: 'platform' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.filter(({ path }) => path === '/api/v2/media')).toHaveLength(1);
  }, 30_000);

  it('that fail once are uploaded anew, and those that fail again are refused', async () => {
    await arm('upload', 'processing-failed');
    const once = await open('Fails once', true);
    expect(await once.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await once.run()).toMatchObject({ outcome: 'published' });
    await arm('upload', 'processing-failed', { times: 2 });
    expect(await (await open('Fails', true)).run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', actor: 'user' },
    });
    expect(await posts()).toMatchObject([{ text: 'Fails once' }]);
  });

  it('go out four at a time, in order, with their alt texts, and without a text', async () => {
    const delivery = await open('', true);
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b', 'c', 'd'].map((id) => ({ ...image, id, altText: `Picture ${id}` }));
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toMatchObject([
      { text: '', media: ['a', 'b', 'c', 'd'].map((id) => ({ altText: `Picture ${id}` })) },
    ]);
    // There is software that keeps one file for each name.
    const names = delivery.writes.flatMap(({ form }) =>
      form instanceof FormData ? [(form.get('file') as File).name] : [],
    );
    expect(new Set(names).size).toBe(4);
  });

  it('that were uploaded are kept when a later one is not', async () => {
    const delivery = await open('Two', true);
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b'].map((id) => ({ ...image, id }));
    await configure({ slowCallsPerWindow: 1 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait-until' });
    await configure({ slowCallsPerWindow: 1_000 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.filter(({ path }) => path === '/api/v2/media')).toHaveLength(3);
  });

  it('that the server has forgotten are uploaded anew', async () => {
    const delivery = await open('Forgotten', true);
    await delivery.prepare();
    await stage.reset();
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(1);
  });

  it('that are still being processed at the public call are waited for, in whatever words it says so', async () => {
    const delivery = await open('Too early', true);
    await delivery.prepare();
    await configure({ pollsUntilReady: 2 });
    expect(await delivery.publish()).toMatchObject({
      outcome: 'wait-until',
      failure: { kind: 'unavailable' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
  });

  it('do not hide a text that is refused', async () => {
    await configure({ maxCharacters: 3 });
    const fate = await (await open('Too long for this server', true)).run();
    expect(fate).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', detail: expect.stringContaining('limit of 3 exceeded') },
    });
  });
});

describe('the key of the public call', () => {
  it('is put down before the call, and is the same in every attempt', async () => {
    await arm('publish', 'delayed-visibility', { ms: 3_000_000 });
    const delivery = await openLost('Once');
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Taken for absent, wrongly: the server itself knows the post again.
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    const [first, second] = keysOf(delivery);
    expect(first).toMatch(new RegExp(`^${String(delivery.call.witness['idempotencyKey'])}-`));
    expect(second).toBe(first);
  });

  it('is another one for an edited text', async () => {
    const delivery = await openLost('First text');
    delivery.call.text = 'Edited text';
    await delivery.publish();
    const [first, second] = keysOf(delivery);
    expect(second).not.toBe(first);
    expect((await posts()).map(({ text }) => text)).toEqual(['Edited text', 'First text']);
  });

  it('is not sent before it was put down', async () => {
    const delivery = await open('No key');
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(delivery.writes).toEqual([]);
  });
});

const spoiled = ['commit-then-drop', 'commit-then-5xx', 'commit-then-hang', 'truncated-body'];
const unmade = ['drop-before-commit', '5xx-before-commit', 'hang-before-commit'];

describe.each([true, false])('never two, whether the key is honoured or not: %s', (honoursIdempotencyKey) => {
  beforeEach(() => configure({ honoursIdempotencyKey }));

  it.each([...spoiled, ...unmade].flatMap((fault) => [[fault, false] as const, [fault, true] as const]))(
    '%s, with an image: %s',
    async (fault, withImage) => {
      const delivery = await open(`Only once & <for> ${fault} https://example.com/${fault}`, withImage);
      await arm('publish', fault, { ms: 1_500 });
      const fate = await delivery.run();
      expect(fate).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
      expect(keysOf(delivery)).toHaveLength(unmade.includes(fault) ? 2 : 1);
    },
  );

  it.each([
    ['half a minute', 25_000],
    ['two minutes', 115_000],
  ])('a post that shows after %s', async (_name, ms) => {
    await arm('publish', 'delayed-visibility', { ms });
    const delivery = await openLost('Late');
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('a post with an image that shows after half an hour', async () => {
    await arm('publish', 'delayed-visibility', { ms: 1_700_000 });
    const delivery = await openLost('Very late', true);
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('a post with an image that never shows: a person is asked, and then believed', async () => {
    await arm('publish', 'delayed-visibility', { ms: 86_400_000 });
    const delivery = await openLost('Never shows', true);
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'cannot-tell' });
    expect(keysOf(delivery)).toHaveLength(1);
    // The person says that it is not there, which is past the hour of any key.
    await delivery.run();
    expect(keysOf(delivery)).toHaveLength(2);
  });

  it('two sends at once under one key, or both found', async () => {
    const delivery = await open('At once');
    await delivery.prepare();
    const outcomes = await Promise.all([delivery.publish(), delivery.publish()]);
    const ids = outcomes.map((outcome) => outcome.outcome === 'published' && outcome.receipt.remoteId);
    expect(new Set(ids).size).toBe(honoursIdempotencyKey ? 1 : 2);
  });
});

describe('Mastodon, looking for a post', () => {
  async function absentAfterMs(text: string): Promise<number> {
    const delivery = await open(text);
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    return stage.now().getTime() - start;
  }

  it('takes two minutes to be absent, and ten where the server may not know keys', async () => {
    expect(await absentAfterMs('Never arrived')).toBeGreaterThanOrEqual(119_000);
    await stage.reset();
    expect(await absentAfterMs('Never arrived')).toBeLessThan(130_000);
    await configure({ honoursIdempotencyKey: false });
    expect(await absentAfterMs('Never arrived either')).toBeGreaterThanOrEqual(599_000);
  });

  it('takes ten minutes when the key may be forgotten soon', async () => {
    const delivery = await open('After a long wait');
    await delivery.prepare();
    await stage.skip(50 * 60_000);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(599_000);
  });

  it('finds one that shows only when it is about to be sent again, by a server that does not know keys', async () => {
    await configure({ honoursIdempotencyKey: false });
    await arm('publish', 'delayed-visibility', { ms: 11 * 60_000 });
    const delivery = await openLost('Later than late');
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    await stage.skip(2 * 60_000);
    expect(await delivery.run()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('keeps its mark through later attempts, so that a lost post stays newer than it', async () => {
    await (await open('Before')).run();
    const delivery = await openLost('Lost', true);
    const { newestStatusId } = delivery.call.witness;
    expect(newestStatusId).toMatch(/^\d+$/);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Found, so that nothing is asked about its image, which would be gone.
    expect(delivery.call.witness).toMatchObject({ foundStatus: { id: (await posts())[0]?.id } });
    expect(delivery.call.witness['mediaGone']).toBeUndefined();
    expect(delivery.call.witness['newestStatusId']).toBe(newestStatusId);
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'published' });
  });

  it('does not take an older post with the same text for it', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(2);
  });

  it('does not take an older post for it either when the mark is deleted meanwhile', async () => {
    await (await open('Same')).run();
    const mark = await open('The mark');
    await mark.run();
    const delivery = await open('Same');
    await delivery.prepare();
    const headers = { authorization: `Bearer ${delivery.token}` };
    const path = `/api/v1/statuses/${String(delivery.call.witness['newestStatusId'])}`;
    expect((await delivery.call.http.request({ method: 'DELETE', path, headers })).status).toBe(200);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
  });

  it('does not take the post of another delivery with the same text and image for it', async () => {
    const delivery = await open('Same', true);
    await delivery.prepare();
    expect(await (await open('Same', true)).run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'cannot-tell' });
  });

  it('looks through more posts than one page holds', async () => {
    const delivery = await openLost('First of many');
    for (let count = 0; count < 90; count += 1) {
      const headers = { authorization: `Bearer ${delivery.token}` };
      const json = { status: `Later ${count}` };
      await delivery.call.http.request({ method: 'POST', path: '/api/v1/statuses', headers, json });
    }
    const receipt = { remoteId: (await posts()).at(-1)?.id, url: (await posts()).at(-1)?.url };
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt });
  });

  it('only reads', async () => {
    const delivery = await openLost('Reads', true);
    const before = delivery.writes.length;
    await delivery.reconcile();
    expect(delivery.writes).toHaveLength(before);
  });
});

it('Mastodon: 250 made-up texts are counted as the server counts them, and known again in its HTML', async () => {
  const account = await mastodon.identity((await open('')).call);
  const { call } = await open('');
  const headers = { authorization: `Bearer ${call.credentials.accessToken}` };
  const send = (status: string) =>
    call.http.request({ method: 'POST', path: '/api/v1/statuses', headers, json: { status } });
  const path = `/api/v1/accounts/${account.remoteAccountId}/statuses`;

  for (const text of madeUpTexts(250)) {
    const length = countedLength(text);
    await configure({ maxCharacters: length });
    const made = await send(text);
    expect([text, made.status]).toEqual([text, 200]);
    if (length > 1) {
      await configure({ maxCharacters: length - 1 });
      expect([text, (await send(text)).status]).toEqual([text, 422]);
    }
    const listed = await call.http.request({ method: 'GET', path, query: { limit: 1 }, headers });
    const [status] = listed.json as Parameters<typeof compareStatus>[1][];
    if (!status) throw new Error('nothing is listed');
    const likeness = compareStatus({ text, hasMedia: false, mediaIds: [], mediaUrls: [] }, status);
    expect([text, status.content, likeness]).toEqual([text, status.content, 'same']);
  }
}, 180_000);

/** Always the same ones. What Mastodon trims is not at the ends, since it counts only what is left. */
function madeUpTexts(count: number): string[] {
  const pieces = (
    'word|Ünïcode|日本語|👨‍👩‍👧‍👦|🇪🇺|👍🏽|e\u0301|a & b|<i>|"q"|\'a\'|&amp;|&#39;|*b*|_c_|\\|(|)|[x]|{y}|1 < 2 > 0|' +
    '#tag|#1|@bob|@alice@social.example.com|@a.b@x.example.org,|mail@example.com|@@|' +
    'https://example.com|http://www.example.org/a_(b)?c=d&e=f#g|(https://example.com/x)|https://example.com/y.|' +
    'https://example.com/日本|https://example.com/a/very/long/path/which/is/cut/somewhere?q=%20|https://|example.com|' +
    'https://social.example.com/@alice'
  ).split('|');
  const gaps = [' ', ' ', ' ', '  ', '\n', '\n\n', '\n\n\n'];
  let seed = 42;
  const pick = <T>(list: readonly T[]): T => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return list[Math.floor((seed / 2_147_483_648) * list.length)] as T;
  };
  return Array.from({ length: count }, () => {
    let text = pick(pieces);
    for (let left = pick([0, 1, 2, 4, 8]); left > 0; left -= 1) text += pick(gaps) + pick(pieces);
    return text;
  });
}
