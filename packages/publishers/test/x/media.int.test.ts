import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { x } from '../../src/x/index.ts';
import { bearer } from '../../src/answer.ts';
import type { ByteRange } from '../../src/http.ts';
import type { Settings } from '../../src/draft.ts';
import type { Evidence } from '../../src/publisher.ts';
import { openDelivery, openStage, videoFile, type Delivery, type Stage, type TestFile } from '../harness.ts';
import { videoDraft } from '../answers.ts';

const MB = 1024 * 1024;
const PIECE = 4 * MB;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.reset();
  // Longer than a worker waits, so that the test does not wait in real time.
  await stage.configure('x', { checkAfterSecs: 30 });
});

const GIF = Buffer.concat([Buffer.from('GIF89a', 'latin1'), Buffer.alloc(2_000, 'g')]);
const gifFile: TestFile = {
  ...videoDraft({ kind: 'gif', mimeType: 'image/gif', byteSize: GIF.length, altText: 'A loop' }),
  name: 'gif',
  content: GIF,
};
const video = (bytes = 2 * PIECE + 1_000) => videoFile('film', { byteSize: bytes, altText: 'A film' });

interface Over {
  text?: string;
  evidence?: Evidence;
  goneAfterWrites?: number;
  settings?: Settings;
}
const open = (file: TestFile, { text = 'Look', ...over }: Over = {}) =>
  openDelivery(stage, x, { account: 'ada', text, files: [file], timeoutMs: 20_000, ...over });
/** Another worker continues with the evidence of the first. */
const goOn = (file: TestFile, { call }: Delivery, over: Over = {}) =>
  open(file, { text: call.text, evidence: call.evidence, ...over });
const arm = (step: string, fault: string, over: { after?: number; times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'x', step, fault, ...over });
const textIn = (form: FormData, name: string) => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};
/** The calls that write, by the last part of their path; pieces with their index. */
const writesOf = ({ writes }: Delivery) =>
  writes.map(({ path, form }) =>
    form instanceof FormData ? `append ${textIn(form, 'segment_index')}` : (path.split('/').at(-1) ?? ''),
  );
const posts = () => stage.posts('x', 'ada');
const WHOLE = ['initialize', 'append 0', 'append 1', 'append 2', 'finalize', 'metadata', 'tweets'];

async function statusCalls(): Promise<number> {
  const response = await fetch(`${stage.origin}/_sandbox/requests?platform=x&account=ada`);
  const { requests } = (await response.json()) as { requests: { status?: number } };
  return requests.status ?? 0;
}

async function expectPublished(file: TestFile): Promise<void> {
  const [post, ...others] = await posts();
  expect(others).toEqual([]);
  expect(post?.media).toMatchObject([{ mimeType: file.mimeType, altText: file.altText }]);
  const shown = await fetch(post?.media[0]?.url ?? '');
  expect(Buffer.from(await shown.arrayBuffer()).equals(file.content)).toBe(true);
}

describe('a video or GIF on X', () => {
  it.each([
    ['a video', video(), WHOLE],
    ['a GIF', gifFile, ['initialize', 'append 0', 'finalize', 'metadata', 'tweets']],
  ])('is uploaded in pieces and goes out complete, with its alt text: %s', async (_what, file, writes) => {
    const delivery = await open(file);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(delivery)).toEqual(writes);
    await expectPublished(file);
  });

  it('is continued by another worker when one dies between any two calls', async () => {
    const file = video();
    for (let made = 0; made < WHOLE.length - 1; made++) {
      await stage.reset();
      await stage.configure('x', { pollsUntilReady: 0 });
      const gone = await open(file, { goneAfterWrites: made });
      await expect(gone.prepare()).rejects.toThrow('the worker is gone');
      const next = await goOn(file, gone);
      expect(await next.run()).toMatchObject({ outcome: 'published' });
      expect([...writesOf(gone), ...writesOf(next)]).toEqual(WHOLE);
      await expectPublished(file);
    }
  });

  it('of 60 pieces is continued after half of them, and is never whole in memory', async () => {
    const byteSize = 59 * PIECE + 1;
    const file: TestFile = { ...videoFile('long'), byteSize };
    const beginning = file.content.subarray(0, 24);
    const asked: ByteRange[] = [];
    /** Generated piece by piece. */
    const readIn = ({ call }: Delivery) => {
      for (const media of call.media) {
        media.bytes = (range) => {
          if (!range) return Promise.reject(new Error('all of it was asked for'));
          asked.push(range);
          const piece = new Uint8Array(range.end - range.start + 1);
          if (range.start === 0) piece.set(beginning);
          return Promise.resolve(piece);
        };
      }
    };
    const gone = await open(file, { goneAfterWrites: 31 });
    readIn(gone);
    await expect(gone.prepare()).rejects.toThrow('the worker is gone');
    // The next piece was read, but not sent.
    expect(asked.pop()?.start).toBe(30 * PIECE);
    const next = await goOn(file, gone);
    readIn(next);
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(asked).toEqual(
      Array.from({ length: 60 }, (_, index) => ({
        start: index * PIECE,
        end: Math.min((index + 1) * PIECE, byteSize) - 1,
      })),
    );
    const indexes = Array.from({ length: 60 }, (_, index) => `append ${index}`);
    expect([...writesOf(gone), ...writesOf(next)]).toEqual(['initialize', ...indexes, 'finalize', 'tweets']);
    // Larger than the files that the sandbox keeps.
    expect(await posts()).toMatchObject([{ media: [{ mimeType: null }] }]);
  }, 60_000);

  it('stops between two pieces when the worker stops, and is continued later', async () => {
    const file = video();
    const delivery = await open(file);
    const stop = new AbortController();
    const { call } = delivery;
    call.signal = stop.signal;
    const remember = call.remember.bind(call);
    call.remember = async (facts) => {
      await remember(facts);
      if (writesOf(delivery).length === 2) stop.abort();
    };
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait_until' });
    expect(writesOf(delivery)).toEqual(WHOLE.slice(0, 2));
    const next = await goOn(file, delivery);
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(next)).toEqual(WHOLE.slice(2));
  });

  it.each([
    ['a piece', 'append', 'commit-then-drop', 'append 1'],
    ['a piece that did not arrive', 'append', 'drop-before-commit', 'append 1'],
    ['finalize', 'finalize', 'commit-then-drop', 'finalize'],
    ['a finalize that did not arrive', 'finalize', 'drop-before-commit', 'finalize'],
  ])('after a lost answer repeats only the lost call: %s', async (_what, step, fault, again) => {
    const file = video();
    const delivery = await open(file);
    await arm(step, fault, { after: step === 'append' ? 1 : 0 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(delivery)).toEqual(
      WHOLE.flatMap((write) => (write === again ? [write, write] : [write])),
    );
    await expectPublished(file);
  });

  it.each([
    ['has expired', () => stage.skip(15 * 24 * 60 * 60_000), WHOLE],
    ['is unknown to X', () => stage.reset(), ['append 2', ...WHOLE]],
  ])('is uploaded from the start if its upload %s', async (_what, lose, writes) => {
    const file = video();
    const gone = await open(file, { goneAfterWrites: 3 });
    await expect(gone.prepare()).rejects.toThrow('the worker is gone');
    await lose();
    const next = await goOn(file, gone);
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(next)).toEqual(writes);
    await expectPublished(file);
  });

  it('is uploaded again if the upload expired before the post', async () => {
    const delivery = await open(video());
    while ((await delivery.prepare()).outcome !== 'ready') await stage.skip(30_000);
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    await expectPublished(video());
  });
});

describe('the processing of a video on X', () => {
  it('is checked no earlier than X allows, and holds no worker', async () => {
    const delivery = await open(video());
    const until = (seconds: number) => {
      const at = stage.now().getTime() + seconds * 1_000;
      return { outcome: 'wait_until', failure: { kind: 'unavailable' }, at };
    };
    const startedAt = Date.now();
    for (const [asked, waits] of [
      [0, 30],
      [0, 20],
      [1, 30],
    ] as const) {
      const { at, ...expected } = until(waits);
      const outcome = await delivery.prepare();
      expect(outcome).toMatchObject(expected);
      if (outcome.outcome === 'wait_until')
        expect(Math.abs(outcome.until.getTime() - at)).toBeLessThan(2_000);
      expect(await statusCalls()).toBe(asked);
      await stage.skip(asked === 0 && waits === 30 ? 10_000 : 20_000);
    }
    await stage.skip(10_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await statusCalls()).toBe(2);
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });

  it('holds the worker only for a few seconds', async () => {
    await stage.configure('x', { checkAfterSecs: 1, pollsUntilReady: 2 });
    expect(await (await open(video())).prepare()).toEqual({ outcome: 'ready' });
    await stage.configure('x', { checkAfterSecs: 1, pollsUntilReady: 1_000 });
    const startedAt = Date.now();
    expect(await (await open(video(), { text: 'Longer' })).prepare()).toMatchObject({
      outcome: 'wait_until',
    });
    expect(Date.now() - startedAt).toBeLessThan(8_000);
  }, 20_000);

  it('after a failure gets one new upload', async () => {
    const file = video();
    const delivery = await open(file);
    await arm('finalize', 'processing-failed');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(delivery)).toEqual([...WHOLE.slice(0, 5), ...WHOLE]);
    await expectPublished(file);
  });

  it('after a second failure fails the delivery; a manual retry starts afresh', async () => {
    const delivery = await open(video());
    await arm('finalize', 'processing-failed', { times: 3 });
    const failed = {
      outcome: 'failed',
      failure: { kind: 'rejected_content', actor: 'user', reason: expect.stringContaining('cannot process') },
    };
    expect(await delivery.run()).toMatchObject(failed);
    expect(writesOf(delivery).filter((write) => write === 'initialize')).toHaveLength(2);
    expect(await posts()).toEqual([]);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(writesOf(delivery).filter((write) => write === 'initialize')).toHaveLength(4);
  });

  it('fails if it never ends', async () => {
    await stage.configure('x', { checkAfterSecs: 600, pollsUntilReady: 100_000 });
    const delivery = await open(video());
    expect(await delivery.run()).toMatchObject({ outcome: 'failed', failure: { kind: 'rejected_content' } });
    expect(writesOf(delivery).filter((write) => write === 'initialize')).toHaveLength(2);
    expect(await posts()).toEqual([]);
  });
});

describe('the look-up of a video post on X', () => {
  async function openReady(): Promise<Delivery> {
    await stage.configure('x', { pollsUntilReady: 0 });
    const delivery = await open(video());
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    return delivery;
  }

  it.each(['Look', ''])('finds the lost post with the text %j', async (text) => {
    await stage.configure('x', { pollsUntilReady: 0 });
    const delivery = await open(video(), { text });
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    const [post] = await posts();
    const receipt = { remoteId: post?.id, url: post?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('does not count a post with the same text and no video', async () => {
    const delivery = await openReady();
    const twin = {
      method: 'POST',
      path: '/2/tweets',
      headers: bearer(delivery.call),
      json: { text: 'Look' },
    } as const;
    await delivery.call.http.request(twin);
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('does not count a video post for a delivery with the same text and no video', async () => {
    const text = await openDelivery(stage, x, { account: 'ada', text: 'Look' });
    await text.prepare();
    expect(await (await openReady()).publish()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await text.publish();
    expect(await text.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });
});

describe('the settings of a post on X', () => {
  it.each<[Settings, object]>([
    [{}, {}],
    [{ replySettings: 'everyone', madeWithAi: false, paidPartnership: false }, {}],
    [{ replySettings: 'mentionedUsers' }, { reply_settings: 'mentionedUsers' }],
    [
      { replySettings: 'verified', madeWithAi: true, paidPartnership: true },
      { reply_settings: 'verified', made_with_ai: true, paid_partnership: true },
    ],
  ])('are sent if chosen, and left out at their defaults: %j', async (settings, sent) => {
    const delivery = await openDelivery(stage, x, { account: 'ada', text: 'Chosen', settings });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes.at(-1)?.json).toEqual({ text: 'Chosen', ...sent });
    expect(await posts()).toMatchObject([{ settings: sent }]);
  });
});
