import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buffer } from 'node:stream/consumers';
import { countedLength } from '../../src/mastodon/count.ts';
import type { Settings } from '../../src/draft.ts';
import { mastodon } from '../../src/mastodon/index.ts';
import { compareStatus } from '../../src/mastodon/same-status.ts';
import { limits as own } from '../../src/mastodon/check.ts';
import { createHttpClient } from '../../src/http.ts';
import { jpegDraft } from '../answers.ts';
import {
  openDelivery,
  openStage,
  videoFile,
  type Delivery,
  type DeliveryDraft,
  type Stage,
  type TestFile,
} from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string, withImage = false, settings: Settings = {}) =>
  openDelivery(stage, mastodon, { account: 'ada', text, withImage, settings, timeoutMs: 700 });
const arm = (step: string, fault: string, over: { times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'mastodon', step, fault, ...over });
const posts = () => stage.posts('mastodon', 'ada');

const configure = (values: object) => stage.configure('mastodon', values);

/** Sent, with the answer lost. */
async function openLost(text: string, withImage = false, settings: Settings = {}): Promise<Delivery> {
  const delivery = await open(text, withImage, settings);
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm('publish', 'commit-then-drop');
  expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
  return delivery;
}

/** The names of the files that are brought there from now on. */
function listenForFileNames(delivery: Delivery): string[] {
  const names: string[] = [];
  const { http } = delivery.call;
  delivery.call.http = {
    async request(request) {
      const { body } = request;
      if (!body || body instanceof Uint8Array) return http.request(request);
      const whole = new Uint8Array(await buffer(body.pieces));
      names.push(
        ...[
          ...Buffer.from(whole)
            .toString('latin1')
            .matchAll(/filename="([^"]+)"/g),
        ].map(([, name]) => name ?? ''),
      );
      return http.request({ ...request, body: whole });
    },
  };
  return names;
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

const spoiled = ['commit-then-drop', 'commit-then-5xx', 'commit-then-hang', 'truncated-body'];
const unmade = ['drop-before-commit', '5xx-before-commit', 'hang-before-commit'];

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
      outcome: 'wait_until',
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
    const names = listenForFileNames(delivery);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toMatchObject([
      { text: '', media: ['a', 'b', 'c', 'd'].map((id) => ({ altText: `Picture ${id}` })) },
    ]);
    // There is software that keeps one file for each name.
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(4);
  });

  it('that were uploaded are kept when a later one is not', async () => {
    const delivery = await open('Two', true);
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b'].map((id) => ({ ...image, id }));
    await configure({ slowCallsPerWindow: 1 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait_until' });
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
      outcome: 'wait_until',
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

const gifFile = (name: string): TestFile => {
  const content = Buffer.from(`GIF89a\x40\0\x30\0${name}`, 'latin1');
  const gif = {
    kind: 'gif',
    mimeType: 'image/gif',
    width: 64,
    height: 48,
    byteSize: content.length,
  } as const;
  return { name, content, ...jpegDraft(gif) };
};

describe.each([
  ['video', videoFile('film', { altText: 'A film', byteSize: 3_500_000 }), 'video/mp4'],
  ['QuickTime video', videoFile('mov', { altText: 'A film', mimeType: 'video/quicktime' }), 'video/mp4'],
  ['GIF', { ...gifFile('moves'), altText: 'A film' }, 'image/gif'],
])('Mastodon, a %s', (_kind, file, mimeType) => {
  const openWith = (over: Partial<DeliveryDraft> = {}) =>
    openDelivery(stage, mastodon, { account: 'ada', text: 'Look', files: [file], ...over });
  const uploadsOf = (delivery: Delivery) => delivery.writes.filter(({ path }) => path === '/api/v2/media');
  async function expectItPublic() {
    const [post, ...others] = await posts();
    expect(others).toEqual([]);
    expect(post?.media).toMatchObject([{ altText: 'A film', mimeType }]);
    const shown = await fetch(post?.media[0]?.url ?? '');
    expect(Buffer.from(await shown.arrayBuffer()).equals(file.content)).toBe(true);
  }

  it('is sent in pieces, waited for, and public once, byte by byte', async () => {
    const delivery = await openWith();
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    const [upload] = uploadsOf(delivery);
    expect(upload).not.toHaveProperty('form');
    expect(upload?.timeoutMs).toBeGreaterThan(20_000);
    await expectItPublic();
  });

  it('that cannot be processed is uploaded once more, and refused after that', async () => {
    await arm('upload', 'processing-failed');
    expect(await (await openWith()).run()).toMatchObject({ outcome: 'published' });
    await expectItPublic();
    await arm('upload', 'processing-failed', { times: 2 });
    const delivery = await openWith();
    const reason = expect.stringContaining('cannot process this file');
    expect(await delivery.run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', actor: 'user', reason },
    });
    expect(uploadsOf(delivery)).toHaveLength(2);
    expect(await posts()).toHaveLength(1);
  });

  it.each(['drop-before-commit', '5xx-before-commit', 'commit-then-drop', 'truncated-body'])(
    'whose upload or looks are spoiled is in one post all the same: %s',
    async (fault) => {
      await arm('upload', fault);
      if (fault !== 'commit-then-drop') await arm('status', fault);
      const delivery = await openWith();
      expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      await expectItPublic();
    },
  );

  it('that is in a post whose answer got lost is found in it', async () => {
    const delivery = await openWith({ text: '' });
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
  });

  it('is gone on with where a worker was lost', async () => {
    for (const made of [0, 1]) {
      await stage.reset();
      const gone = await openWith({ goneAfterWrites: made });
      if (made === 0) await expect(gone.prepare()).rejects.toThrow('the worker is gone');
      else {
        await gone.prepare();
        expect(await gone.publish()).toMatchObject({ outcome: 'unclear' });
      }
      const next = await openWith({ evidence: gone.call.evidence });
      expect(await next.run()).toMatchObject({ outcome: 'published' });
      expect(uploadsOf(next)).toHaveLength(1 - made);
      await expectItPublic();
    }
  });
});

it('Mastodon: a video that takes minutes uses no attempt, and is asked for more and more rarely', async () => {
  await configure({ videoPollsUntilReady: 10 });
  const delivery = await openDelivery(stage, mastodon, {
    account: 'ada',
    text: 'Look',
    files: [videoFile('film')],
  });
  const pauseOf = async () => {
    const outcome = await delivery.prepare();
    if (outcome.outcome !== 'wait_until') throw new Error(outcome.outcome);
    expect(outcome.failure).toMatchObject({ kind: 'unavailable', actor: 'platform' });
    return outcome.until.getTime() - stage.now().getTime();
  };
  const first = await pauseOf();
  expect(first).toBeGreaterThan(4_000);
  expect(first).toBeLessThanOrEqual(5_000);
  await stage.skip(600_000);
  const later = await pauseOf();
  expect(later).toBeGreaterThan(55_000);
  expect(later).toBeLessThanOrEqual(60_000);
  expect(await delivery.run()).toMatchObject({ outcome: 'published' });
  expect(delivery.writes.filter(({ path }) => path === '/api/v2/media')).toHaveLength(1);
  expect(await posts()).toHaveLength(1);
}, 60_000);

describe('what an author chooses on Mastodon', () => {
  const chosen = {
    visibility: 'private',
    spoilerText: ' Eyes <& ears> ',
    sensitive: true,
    language: 'pt-BR',
  };
  const openChosen = (settings: DeliveryDraft['settings'], text = 'Chosen') =>
    openDelivery(stage, mastodon, { account: 'ada', text, settings: settings ?? {}, timeoutMs: 700 });

  it('is what the server has', async () => {
    await (await openChosen(chosen)).run();
    await (await openChosen({})).run();
    await (await openChosen({ visibility: 'unlisted' })).run();
    expect(await posts()).toMatchObject([
      { settings: { visibility: 'unlisted', spoilerText: '', sensitive: false, language: null } },
      { settings: { visibility: 'public', spoilerText: '', sensitive: false, language: null } },
      { settings: { ...chosen, spoilerText: 'Eyes <& ears>' } },
    ]);
  });

  it.each([...spoiled, ...unmade])('is looked for like any other: %s', async (fault) => {
    for (const settings of [chosen, { visibility: 'unlisted' }, { spoilerText: 'Eyes' }]) {
      await stage.reset();
      // That one which is not public was not made, Mastodon's own list proves alone.
      const isMastodon = unmade.includes(fault) && 'visibility' in settings;
      await configure({ honoursIdempotencyKey: isMastodon });
      const delivery = await openChosen(settings);
      await arm('publish', fault, { ms: 1_500 });
      expect(await delivery.run()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    }
  });

  it('tells two posts of one text apart', async () => {
    const other = await openChosen({ spoilerText: 'Nose' });
    const delivery = await openChosen({ spoilerText: 'Eyes' });
    await delivery.prepare();
    expect(await other.run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('gives a content warning and a file without a text the words of the server, and is found by the file', async () => {
    const draft = { account: 'ada', text: '', withImage: true, settings: { spoilerText: 'Eyes' } };
    const delivery = await openDelivery(stage, mastodon, draft);
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(await posts()).toMatchObject([{ text: '🖼', settings: { spoilerText: 'Eyes' } }]);
  });

  it('counts as the server counts it', async () => {
    const text = 'a @bob@social.example https://example.com/very/long/indeed';
    const settings = { spoilerText: 'Eyes https://example.com/a 👨‍👩‍👧‍👦' };
    const counted =
      settings.spoilerText + text.replace('@social.example', '').replace(/https\S+/, 'x'.repeat(23));
    const maxCharacters = [...new Intl.Segmenter().segment(counted)].length;
    const check = async () => {
      const limits = await mastodon.readLimits?.((await openChosen({})).call);
      return mastodon.check({ text, media: [], settings }, limits).map(({ code }) => code);
    };
    await configure({ maxCharacters });
    expect(await check()).toEqual([]);
    expect(await (await openChosen(settings, text)).run()).toMatchObject({ outcome: 'published' });
    await configure({ maxCharacters: maxCharacters - 1 });
    expect(await check()).toEqual(['text_too_long']);
    expect(await (await openChosen(settings, text)).run()).toMatchObject({ outcome: 'failed' });
  });
});

describe('the limits of a Mastodon server', () => {
  const read = () => {
    const http = createHttpClient({ baseUrl: `${stage.origin}/mastodon`, timeoutMs: 700 });
    return mastodon.readLimits?.({ http, credentials: { accessToken: 'sandbox-ada' } });
  };

  it('are those that Mastodon comes with, unless it says otherwise', async () => {
    expect(await read()).toEqual({
      ...own,
      media: { ...own.media, image: { ...own.media.image, maxPixels: 33_177_600 } },
    });
  });
  it('are read in both forms, and from software that has one number', async () => {
    await configure({ maxCharacters: 1_000, charactersPerUrl: 25, videoFrameRateLimit: 60 });
    const told = { maxTextLength: 1_000, charactersPerLink: 25, media: { video: { maxFrameRate: 60 } } };
    expect(await read()).toMatchObject(told);
    await configure({ instance: 'v1' });
    expect(await read()).toMatchObject(told);
    await configure({ instance: 'max_toot_chars' });
    expect(await read()).toEqual({ ...own, maxTextLength: 1_000 });
    await configure({ instance: 'none' });
    expect(await read()).toEqual(own);
  });
  it('keep within reason what a hostile server says', async () => {
    await configure({ maxCharacters: 1e12, charactersPerUrl: -1, maxAttachments: 0, imageSizeLimit: 1e15 });
    expect(await read()).toMatchObject({
      maxTextLength: 100_000,
      charactersPerLink: 23,
      media: { max: 4, image: { maxBytes: 1e9 } },
    });
  });
  it.each(['drop-before-commit', '5xx-before-commit', 'rate-limited', 'truncated-body', 'expired-token'])(
    'are not known when it cannot be asked: %s',
    async (fault) => {
      await arm('identity', fault);
      await expect(read()).rejects.toMatchObject({ name: 'PublisherError' });
    },
  );
});

describe('the key of the public call', () => {
  it('is put down before the call, and is the same in every attempt', async () => {
    await arm('publish', 'delayed-visibility', { ms: 3_000_000 });
    const delivery = await openLost('Once');
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Taken for absent, wrongly: the server itself knows the post again.
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    const [first, second] = keysOf(delivery);
    expect(first).toMatch(new RegExp(`^${String(delivery.call.evidence['idempotencyKey'])}-`));
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
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('a post with an image that shows after half an hour', async () => {
    await arm('publish', 'delayed-visibility', { ms: 1_700_000 });
    const delivery = await openLost('Very late', true);
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('a post with an image that never shows: a person is asked, and then believed', async () => {
    await arm('publish', 'delayed-visibility', { ms: 86_400_000 });
    const delivery = await openLost('Never shows', true);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
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
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    return stage.now().getTime() - start;
  }

  it('takes two minutes to be absent, and ten where the server may not know keys', async () => {
    expect(await absentAfterMs('Never arrived')).toBeGreaterThanOrEqual(119_000);
    await stage.reset();
    expect(await absentAfterMs('Never arrived')).toBeLessThan(130_000);
    await configure({ honoursIdempotencyKey: false });
    expect(await absentAfterMs('Never arrived either')).toBeGreaterThanOrEqual(599_000);
  });

  it.each(['unlisted', 'private'])(
    'is no proof of a post that is %s, where only public ones may be listed',
    async (visibility) => {
      await configure({ honoursIdempotencyKey: false, listsOwnNonPublic: false });
      const delivery = await openLost('For some', false, { visibility });
      expect(await delivery.lookUp()).toMatchObject({
        outcome: 'uncertain',
        reason: expect.stringContaining('public posts only'),
      });
      await receiptOfOnlyPost();
      // Mastodon's own list has all of them: there it is found, or proved absent.
      await stage.reset();
      const found = await openLost('For some', false, { visibility });
      expect(await found.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
      await stage.reset();
      const absent = await open('Never arrived', false, { visibility });
      await absent.prepare();
      await arm('publish', 'drop-before-commit');
      await absent.publish();
      expect(await absent.lookUp()).toEqual({ outcome: 'absent' });
    },
  );

  it('takes ten minutes when the key may be forgotten soon', async () => {
    const delivery = await open('After a long wait');
    await delivery.prepare();
    await stage.skip(50 * 60_000);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(599_000);
  });

  it('finds one that shows only when it is about to be sent again, by a server that does not know keys', async () => {
    await configure({ honoursIdempotencyKey: false });
    await arm('publish', 'delayed-visibility', { ms: 11 * 60_000 });
    const delivery = await openLost('Later than late');
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    await stage.skip(2 * 60_000);
    expect(await delivery.run()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('keeps its mark through later attempts, so that a lost post stays newer than it', async () => {
    await (await open('Before')).run();
    const delivery = await openLost('Lost', true);
    const { newestStatusId } = delivery.call.evidence;
    expect(newestStatusId).toMatch(/^\d+$/);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // Found, so that nothing is asked about its image, which would be gone.
    expect(delivery.call.evidence).toMatchObject({ foundStatus: { id: (await posts())[0]?.id } });
    expect(delivery.call.evidence['mediaGone']).toBeUndefined();
    expect(delivery.call.evidence['newestStatusId']).toBe(newestStatusId);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  it('does not take an older post with the same text for it', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
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
    const path = `/api/v1/statuses/${String(delivery.call.evidence['newestStatusId'])}`;
    expect((await delivery.call.http.request({ method: 'DELETE', path, headers })).status).toBe(200);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
  });

  it('does not take the post of another delivery with the same text and image for it', async () => {
    const delivery = await open('Same', true);
    await delivery.prepare();
    expect(await (await open('Same', true)).run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('looks through more posts than one page holds', async () => {
    const delivery = await openLost('First of many');
    for (let count = 0; count < 90; count += 1) {
      const headers = { authorization: `Bearer ${delivery.token}` };
      const json = { status: `Later ${count}` };
      await delivery.call.http.request({ method: 'POST', path: '/api/v1/statuses', headers, json });
    }
    const receipt = { remoteId: (await posts()).at(-1)?.id, url: (await posts()).at(-1)?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('only reads', async () => {
    const delivery = await openLost('Reads', true);
    const before = delivery.writes.length;
    await delivery.lookUp();
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
    const sent = { text, spoilerText: '', hasMedia: false, mediaIds: [], mediaUrls: [] };
    const likeness = compareStatus(sent, status);
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
