import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { x } from '../../src/x/index.ts';
import type { Evidence } from '../../src/publisher.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string, withImage = false) => openDelivery(stage, x, { account: 'ada', text, withImage });
const openWith = (text: string, images: string[], evidence: Evidence = {}) =>
  openDelivery(stage, x, { account: 'ada', text, images, evidence });
const uploadsOf = (delivery: Delivery) =>
  delivery.writes.filter(({ path }) => path === '/2/media/upload').length;
const arm = (step: string, fault: string, over: { after?: number; times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'x', step, fault, ...over });

describe('X', () => {
  it('asks a person if an older post with the same text causes a duplicate refusal', async () => {
    await (await open('Same')).run();
    await stage.skip(60_000);
    const fate = await (await open('Same')).run();
    expect(fate).toMatchObject({ outcome: 'uncertain', reason: expect.stringContaining('duplicate') });
    expect(await stage.posts('x', 'ada')).toHaveLength(1);
  });

  it('finds our lost post when a second send is refused as a duplicate', async () => {
    const delivery = await open('Lost https://example.com/a?b=1&c=2');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // It is listed so late that it counted as absent and is sent again.
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    const [post] = await stage.posts('x', 'ada');
    const receipt = { remoteId: post?.id, url: post?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('uses the same mark in later attempts, so a lost post stays newer than the mark', async () => {
    await (await open('Before')).run();
    const delivery = await open('Lost');
    await delivery.prepare();
    const { newestPostId } = delivery.call.evidence;
    expect(newestPostId).toMatch(/^\d+$/);
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    await delivery.prepare();
    expect(delivery.call.evidence['newestPostId']).toBe(newestPostId);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  /** A delivery that was sent, whose answer got lost, and that is listed so late that it counts as absent. */
  async function openVeryLate() {
    const delivery = await open('Very late');
    await delivery.prepare();
    await arm('publish', 'delayed-visibility', { ms: 8 * 60_000 });
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    return delivery;
  }

  it('looks once more before a second send, and finds a post that is listed late', async () => {
    const delivery = await openVeryLate();
    // Longer than X reliably refuses a duplicate.
    await stage.skip(24 * 60 * 60_000);
    const writes = delivery.writes.length;
    const fate = await delivery.run();
    const [post] = await stage.posts('x', 'ada');
    expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
    expect(delivery.writes).toHaveLength(writes);
    expect(await stage.posts('x', 'ada')).toHaveLength(1);
  });

  it('finds the post of an earlier attempt that is listed only after the next one', async () => {
    const delivery = await openVeryLate();
    await delivery.prepare();
    // The next attempt is refused as a duplicate, and began after the post was made.
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    await stage.skip(8 * 60_000);
    const sendingSince = stage.now();
    const fate = await x.lookUp({ ...delivery.call, sendingSince, asked: 0 });
    expect(fate).toMatchObject({ outcome: 'published' });
  });

  it('reports a post as absent only after two minutes of look-ups', async () => {
    const delivery = await open('Never arrived');
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(119_000);
  });

  it('searches more than one page of posts', async () => {
    const delivery = await open('First of many');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    for (let i = 0; i < 105; i++) {
      const json = { text: `Later ${i}` };
      const headers = { authorization: `Bearer ${delivery.token}` };
      if (i === 60) await stage.skip(20 * 60_000);
      await delivery.call.http.request({ method: 'POST', path: '/2/tweets', headers, json });
    }
    expect(await stage.posts('x', 'ada')).toHaveLength(106);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  it('uploads again if the upload has expired', async () => {
    const delivery = await open('With image', true);
    await delivery.prepare();
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(2);
  });

  it('uploads only the expired ones of several images again', async () => {
    const delivery = await openWith('Two', ['a', 'b']);
    await arm('upload', 'drop-before-commit', { after: 2 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    await stage.skip(12 * 60 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(uploadsOf(delivery)).toBe(3);
    // Now only the first upload has expired.
    await stage.skip(13 * 60 * 60_000);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(uploadsOf(delivery)).toBe(4);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    expect(await stage.pictures('x', 'ada')).toEqual(['a: Picture a', 'b: Picture b']);
  });

  it('uploads an image again if X lost it before its alt text was sent', async () => {
    const delivery = await openWith('Forgotten', ['a']);
    await arm('upload', 'drop-before-commit', { after: 1 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    await stage.reset();
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(2);
  });

  it.each([true, false])(
    'uses an upload of a version in which a post had one image, with alt text: %s',
    async (isDescribed) => {
      const earlier = await openWith('Prepared before', ['a']);
      expect(await earlier.prepare()).toEqual({ outcome: 'ready' });
      const [upload] = Object.values(earlier.call.evidence['uploads'] as Record<string, { mediaId: string }>);
      const delivery = await openWith('Prepared before', ['a'], {
        mediaId: upload?.mediaId,
        mediaUntil: new Date(stage.now().getTime() + 86_400_000).toISOString(),
        ...(isDescribed ? { describedMediaId: upload?.mediaId } : {}),
        newestPostId: null,
        notedAt: stage.now().toISOString(),
      });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(delivery.writes.map(({ path }) => path)).toEqual([
        ...(isDescribed ? [] : ['/2/media/metadata']),
        '/2/tweets',
      ]);
      expect(await stage.pictures('x', 'ada')).toEqual(['a: Picture a']);
    },
  );

  it('does not use such an upload once X no longer has it', async () => {
    const delivery = await openWith('Gone', ['a'], {
      mediaId: '1',
      mediaUntil: new Date(stage.now().getTime() + 86_400_000).toISOString(),
      describedMediaId: '1',
      newestPostId: null,
      notedAt: stage.now().toISOString(),
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(1);
  });

  it('does not count a post with fewer images as ours', async () => {
    const delivery = await openWith('Same', ['a', 'b']);
    await delivery.prepare();
    expect(await (await openWith('Same', ['a'])).run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });
});
