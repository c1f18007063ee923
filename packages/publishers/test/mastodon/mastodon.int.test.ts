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

/** A delivery that was sent and whose answer got lost. */
async function openLost(text: string, withImage = false, settings: Settings = {}): Promise<Delivery> {
  const delivery = await open(text, withImage, settings);
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm('publish', 'commit-then-drop');
  expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
  return delivery;
}

/** Records the names of files that are uploaded from now on. */
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

  it('wait without a worker if they take long, and are not uploaded again', async () => {
    await configure({ pollsUntilReady: 8 });
    const delivery = await open('Very slow image', true);
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'unavailable', actor: 'platform' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.filter(({ path }) => path === '/api/v2/media')).toHaveLength(1);
  }, 30_000);

  it('are uploaded again after one failure, and refused after two', async () => {
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

  it('go out four in a post, in order, with alt texts and without a text', async () => {
    const delivery = await open('', true);
    const [image] = delivery.call.media;
    if (!image) throw new Error('no image');
    delivery.call.media = ['a', 'b', 'c', 'd'].map((id) => ({ ...image, id, altText: `Picture ${id}` }));
    const names = listenForFileNames(delivery);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toMatchObject([
      { text: '', media: ['a', 'b', 'c', 'd'].map((id) => ({ altText: `Picture ${id}` })) },
    ]);
    // Some software keeps one file per name.
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(4);
  });

  it('are not uploaded again if only a later one failed', async () => {
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

  it('are uploaded again if the server has lost them', async () => {
    const delivery = await open('Forgotten', true);
    await delivery.prepare();
    await stage.reset();
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(1);
  });

  it('are waited for if the public call says that they are still being processed', async () => {
    const delivery = await open('Too early', true);
    await delivery.prepare();
    await configure({ pollsUntilReady: 2 });
    expect(await delivery.publish()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'unavailable' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
  });

  it('do not hide the refusal of a text', async () => {
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

  it('is streamed, processed, and published once and unchanged', async () => {
    const delivery = await openWith();
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    const [upload] = uploadsOf(delivery);
    expect(upload).not.toHaveProperty('form');
    expect(upload?.timeoutMs).toBeGreaterThan(20_000);
    await expectItPublic();
  });

  it('that fails processing is uploaded once more, then refused', async () => {
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
    'is in one post despite a failed upload or check: %s',
    async (fault) => {
      await arm('upload', fault);
      if (fault !== 'commit-then-drop') await arm('status', fault);
      const delivery = await openWith();
      expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      await expectItPublic();
    },
  );

  it('in a post whose answer got lost is found there', async () => {
    const delivery = await openWith({ text: '' });
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
  });

  it('is continued by another worker when one dies', async () => {
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

it('Mastodon: a video that takes minutes uses no attempt, and is checked less and less often', async () => {
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

describe('the settings of a post on Mastodon', () => {
  const chosen = {
    visibility: 'private',
    spoilerText: ' Eyes <& ears> ',
    sensitive: true,
    language: 'pt-BR',
  };
  const openChosen = (settings: DeliveryDraft['settings'], text = 'Chosen') =>
    openDelivery(stage, mastodon, { account: 'ada', text, settings: settings ?? {}, timeoutMs: 700 });

  it('reach the server', async () => {
    await (await openChosen(chosen)).run();
    await (await openChosen({})).run();
    await (await openChosen({ visibility: 'unlisted' })).run();
    expect(await posts()).toMatchObject([
      { settings: { visibility: 'unlisted', spoilerText: '', sensitive: false, language: null } },
      { settings: { visibility: 'public', spoilerText: '', sensitive: false, language: null } },
      { settings: { ...chosen, spoilerText: 'Eyes <& ears>' } },
    ]);
  });

  it.each([...spoiled, ...unmade])('do not prevent a correct look-up: %s', async (fault) => {
    for (const settings of [chosen, { visibility: 'unlisted' }, { spoilerText: 'Eyes' }]) {
      await stage.reset();
      // Only Mastodon's own list proves the absence of a post that is not public.
      const isMastodon = unmade.includes(fault) && 'visibility' in settings;
      await configure({ honoursIdempotencyKey: isMastodon });
      const delivery = await openChosen(settings);
      await arm('publish', fault, { ms: 1_500 });
      expect(await delivery.run()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    }
  });

  it('are compared in a look-up: a post with another warning is not ours', async () => {
    const other = await openChosen({ spoilerText: 'Nose' });
    const delivery = await openChosen({ spoilerText: 'Eyes' });
    await delivery.prepare();
    expect(await other.run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('allow a warning with a file and no text, and the look-up finds the post by its file', async () => {
    const draft = { account: 'ada', text: '', withImage: true, settings: { spoilerText: 'Eyes' } };
    const delivery = await openDelivery(stage, mastodon, draft);
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(await posts()).toMatchObject([{ text: '🖼', settings: { spoilerText: 'Eyes' } }]);
  });

  it('count toward the text length as on the server', async () => {
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

  it("are Mastodon's defaults unless the server tells others", async () => {
    expect(await read()).toEqual({
      ...own,
      media: { ...own.media, image: { ...own.media.image, maxPixels: 33_177_600 } },
    });
  });
  it('are read from both instance forms, and from software with one number', async () => {
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
  it('are bounded for a hostile server', async () => {
    await configure({ maxCharacters: 1e12, charactersPerUrl: -1, maxAttachments: 0, imageSizeLimit: 1e15 });
    expect(await read()).toMatchObject({
      maxTextLength: 100_000,
      charactersPerLink: 23,
      media: { max: 4, image: { maxBytes: 1e9 } },
    });
  });
  it.each(['drop-before-commit', '5xx-before-commit', 'rate-limited', 'truncated-body', 'expired-token'])(
    'cannot be read after a failed request: %s',
    async (fault) => {
      await arm('identity', fault);
      await expect(read()).rejects.toMatchObject({ name: 'PublisherError' });
    },
  );
});

describe('the key of the public call', () => {
  it('is remembered before the call, and is the same in every attempt', async () => {
    await arm('publish', 'delayed-visibility', { ms: 3_000_000 });
    const delivery = await openLost('Once');
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // "Absent" was wrong here, but the server recognises the key.
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    const [first, second] = keysOf(delivery);
    expect(first).toMatch(new RegExp(`^${String(delivery.call.evidence['idempotencyKey'])}-`));
    expect(second).toBe(first);
  });

  it('is different for an edited text', async () => {
    const delivery = await openLost('First text');
    delivery.call.text = 'Edited text';
    await delivery.publish();
    const [first, second] = keysOf(delivery);
    expect(second).not.toBe(first);
    expect((await posts()).map(({ text }) => text)).toEqual(['Edited text', 'First text']);
  });

  it('must be remembered before anything is sent', async () => {
    const delivery = await open('No key');
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(delivery.writes).toEqual([]);
  });
});

describe.each([true, false])(
  'Mastodon makes no second post, with a server that honours keys: %s',
  (honoursIdempotencyKey) => {
    beforeEach(() => configure({ honoursIdempotencyKey }));

    it.each([...spoiled, ...unmade].flatMap((fault) => [[fault, false] as const, [fault, true] as const]))(
      'after %s, with an image: %s',
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
    ])('if the post is listed after %s', async (_name, ms) => {
      await arm('publish', 'delayed-visibility', { ms });
      const delivery = await openLost('Late');
      expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
      expect(keysOf(delivery)).toHaveLength(1);
    });

    it('if a post with an image is listed after half an hour', async () => {
      await arm('publish', 'delayed-visibility', { ms: 1_700_000 });
      const delivery = await openLost('Very late', true);
      expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
      expect(keysOf(delivery)).toHaveLength(1);
    });

    it('if a post with an image is never listed: a person decides', async () => {
      await arm('publish', 'delayed-visibility', { ms: 86_400_000 });
      const delivery = await openLost('Never shows', true);
      expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
      expect(keysOf(delivery)).toHaveLength(1);
      // A person says that the post is not there. By then, no server keeps the key.
      await delivery.run();
      expect(keysOf(delivery)).toHaveLength(2);
    });

    it('for two sends at once, unless the server ignores keys; then both are reported', async () => {
      const delivery = await open('At once');
      await delivery.prepare();
      const outcomes = await Promise.all([delivery.publish(), delivery.publish()]);
      const ids = outcomes.map((outcome) => outcome.outcome === 'published' && outcome.receipt.remoteId);
      expect(new Set(ids).size).toBe(honoursIdempotencyKey ? 1 : 2);
    });
  },
);

describe('Mastodon: a look-up', () => {
  async function absentAfterMs(text: string): Promise<number> {
    const delivery = await open(text);
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    return stage.now().getTime() - start;
  }

  it('proves absence after two minutes, or ten if the server may not support keys', async () => {
    expect(await absentAfterMs('Never arrived')).toBeGreaterThanOrEqual(119_000);
    await stage.reset();
    expect(await absentAfterMs('Never arrived')).toBeLessThan(130_000);
    await configure({ honoursIdempotencyKey: false });
    expect(await absentAfterMs('Never arrived either')).toBeGreaterThanOrEqual(599_000);
  });

  it.each(['unlisted', 'private'])(
    'proves nothing about a post that is %s if the list may have only public posts',
    async (visibility) => {
      await configure({ honoursIdempotencyKey: false, listsOwnNonPublic: false });
      const delivery = await openLost('For some', false, { visibility });
      expect(await delivery.lookUp()).toMatchObject({
        outcome: 'uncertain',
        reason: expect.stringContaining('public posts only'),
      });
      await receiptOfOnlyPost();
      // Mastodon's own list has all posts, so it finds the post or proves its absence.
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

  it('takes ten minutes if the key may expire soon', async () => {
    const delivery = await open('After a long wait');
    await delivery.prepare();
    await stage.skip(50 * 60_000);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(599_000);
  });

  it('before a second send finds a post that is listed late, on a server without keys', async () => {
    await configure({ honoursIdempotencyKey: false });
    await arm('publish', 'delayed-visibility', { ms: 11 * 60_000 });
    const delivery = await openLost('Later than late');
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    await stage.skip(2 * 60_000);
    expect(await delivery.run()).toEqual({ outcome: 'published', receipt: await receiptOfOnlyPost() });
    expect(keysOf(delivery)).toHaveLength(1);
  });

  it('uses the same mark in later attempts, so a lost post stays newer than the mark', async () => {
    await (await open('Before')).run();
    const delivery = await openLost('Lost', true);
    const { newestStatusId } = delivery.call.evidence;
    expect(newestStatusId).toMatch(/^\d+$/);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    // The post is found, so its image is not read (it would be gone).
    expect(delivery.call.evidence).toMatchObject({ foundStatus: { id: (await posts())[0]?.id } });
    expect(delivery.call.evidence['mediaGone']).toBeUndefined();
    expect(delivery.call.evidence['newestStatusId']).toBe(newestStatusId);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  it('does not count an older post with the same text', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(2);
  });

  it('does not count an older post even if the mark was deleted meanwhile', async () => {
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

  it("does not count another delivery's post with the same text and image", async () => {
    const delivery = await open('Same', true);
    await delivery.prepare();
    expect(await (await open('Same', true)).run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('searches more than one page of posts', async () => {
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

it('Mastodon: 250 random texts are counted as on the server, and recognised in its HTML', async () => {
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

/** Seeded. No text begins or ends with characters that Mastodon trims, because it does not count them. */
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
