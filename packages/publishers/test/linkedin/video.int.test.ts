import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import type { Evidence } from '../../src/publisher.ts';
import { openDelivery, openStage, videoFile, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const PART_BYTES = 4 * 1_024 * 1_024;
/** A video of two parts: initialize, two uploads and finalize. */
const clip = videoFile('clip', { byteSize: PART_BYTES + 100_000, altText: 'A film' });
const CALLS = 4;

const open = (
  text: string,
  over: { account?: string; evidence?: Evidence; goneAfterWrites?: number; timeoutMs?: number } = {},
) => openDelivery(stage, linkedin, { account: 'ada', text, files: [clip], timeoutMs: 5_000, ...over });
const arm = (step: string, fault: string, over: { after?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'linkedin', step, fault, ...over });
const posts = (account = 'ada') => stage.posts('linkedin', account);
const partsOf = (delivery: Delivery) => delivery.writes.filter(({ method }) => method === 'PUT');
const registrationsOf = (delivery: Delivery) =>
  delivery.writes.filter(({ query }) => query?.['action'] === 'initializeUpload').length;

async function expectTheFilm(account = 'ada'): Promise<void> {
  const shown = await posts(account);
  expect(shown).toMatchObject([{ mediaCount: 1, media: [{ mimeType: 'video/mp4' }] }]);
  const response = await fetch(shown[0]?.media[0]?.url ?? '');
  expect(Buffer.from(await response.arrayBuffer()).equals(clip.content)).toBe(true);
}

describe('LinkedIn videos', () => {
  it("are uploaded in LinkedIn's parts, without the bearer token", async () => {
    const delivery = await open('A film');
    const ranges: number[] = [];
    for (const file of delivery.call.media) {
      const read = file.bytes.bind(file);
      file.bytes = (range) => {
        ranges.push(range ? range.end - range.start + 1 : Infinity);
        return read(range);
      };
    }
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await posts()).toEqual([]);
    expect(delivery.writes).toHaveLength(CALLS);
    for (const part of partsOf(delivery)) expect(part.headers).not.toHaveProperty('authorization');
    expect(ranges).toEqual([PART_BYTES, 100_000]);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    await expectTheFilm();
  });

  it('are continued by another worker when one dies between any two calls', async () => {
    for (let made = 0; made < CALLS; made++) {
      await stage.reset();
      const gone = await open('Gone on with', { goneAfterWrites: made });
      await expect(gone.prepare()).rejects.toThrow('the worker is gone');
      const next = await open('Gone on with', { evidence: gone.call.evidence });
      expect(await next.prepare()).toEqual({ outcome: 'ready' });
      expect(next.writes).toHaveLength(CALLS - made);
      expect(await next.publish()).toMatchObject({ outcome: 'published' });
      await expectTheFilm();
    }
  });

  it.each([
    ['the registration', 0],
    ['the first part', 1],
    ['the second part', 2],
    ['the end', 3],
  ])('go out once when the answer to %s got lost', async (_, after) => {
    for (const fault of ['commit-then-drop', 'commit-then-5xx', 'drop-before-commit', '5xx-before-commit']) {
      await stage.reset();
      const delivery = await open('Once');
      await arm('upload', fault, { after });
      expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      // Only the lost call is repeated.
      expect(delivery.writes).toHaveLength(CALLS + 2);
      await expectTheFilm();
    }
  });

  it('wait between two parts after a rate limit', async () => {
    const delivery = await open('Slowly');
    await arm('upload', 'rate-limited-bare', { after: 2 });
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'rate_limited' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(registrationsOf(delivery)).toBe(1);
  });

  it('are uploaded again if the upload URLs have expired or are unknown', async () => {
    const gone = await open('Late', { goneAfterWrites: 2 });
    await expect(gone.prepare()).rejects.toThrow();
    await stage.skip(24 * 60 * 60_000);
    const next = await open('Late', { evidence: gone.call.evidence });
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(next.writes).toHaveLength(CALLS + 1);
    await expectTheFilm();

    const forgotten = await open('Forgotten', { goneAfterWrites: 2 });
    await expect(forgotten.prepare()).rejects.toThrow();
    await stage.reset();
    const after = await open('Forgotten', { evidence: forgotten.call.evidence });
    expect(await after.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await after.run()).toMatchObject({ outcome: 'published' });
    await expectTheFilm();
  });

  it('stop between two parts when the worker stops', async () => {
    const delivery = await open('Stopped');
    const stop = new AbortController();
    delivery.call.signal = stop.signal;
    const remember = delivery.call.remember.bind(delivery.call);
    delivery.call.remember = async (facts) => {
      await remember(facts);
      if (partsOf(delivery).length === 1) stop.abort();
    };
    await expect(delivery.prepare()).rejects.toThrow('aborted');
    expect(partsOf(delivery)).toHaveLength(1);
  });

  it('wait without using an attempt while they are being processed', async () => {
    await stage.configure('linkedin', { videoProcessingMs: 60 * 60_000 });
    const delivery = await open('Slow');
    await delivery.prepare();
    expect(await delivery.publish()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'unavailable' },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(registrationsOf(delivery)).toBe(1);
  });

  it('are uploaded again if they fail processing or are never ready, and go out once', async () => {
    await stage.configure('linkedin', { videoProcessingMs: 24 * 60 * 60_000 });
    const stuck = await open('Stuck');
    await stuck.prepare();
    await stage.skip(2 * 60 * 60_000 + 1_000);
    expect(await stuck.publish()).toMatchObject({ outcome: 'retry' });
    await stage.configure('linkedin', { videoProcessingMs: 0 });
    expect(await stuck.run()).toMatchObject({ outcome: 'published' });
    expect(registrationsOf(stuck)).toBe(2);

    await stage.reset();
    const broken = await open('Broken');
    await arm('upload', 'processing-failed');
    await broken.prepare();
    expect(await broken.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await broken.run()).toMatchObject({ outcome: 'published' });
    expect(registrationsOf(broken)).toBe(2);
    await expectTheFilm();
  });

  it('of an organization are found by their URN after a lost answer', async () => {
    for (const fault of ['commit-then-drop', 'drop-before-commit']) {
      await stage.reset();
      const delivery = await open('A film of ours', { account: 'org-ada' });
      await arm('publish', fault);
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(registrationsOf(delivery)).toBe(1);
      await expectTheFilm('org-ada');
    }
  });
});
