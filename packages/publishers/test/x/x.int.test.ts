import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { x } from '../../src/x/index.ts';
import { openDelivery, openStage, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string, withImage = false) => openDelivery(stage, x, { account: 'ada', text, withImage });
const arm = (step: string, fault: string, over: { times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'x', step, fault, ...over });

describe('X', () => {
  it('asks a person when an older post with the same text is in the way', async () => {
    await (await open('Same')).run();
    await stage.skip(60_000);
    const fate = await (await open('Same')).run();
    expect(fate).toMatchObject({ outcome: 'cannot-tell', reason: expect.stringContaining('duplicate') });
    expect(await stage.posts('x', 'ada')).toHaveLength(1);
  });

  it('recognises its own lost post when sending again is refused as a duplicate', async () => {
    const delivery = await open('Lost https://example.com/a?b=1&c=2');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // It shows so late that it was taken for absent, and is sent again.
    expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
    const [post] = await stage.posts('x', 'ada');
    const receipt = { remoteId: post?.id, url: post?.url };
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt });
  });

  it('keeps its mark through later attempts, so that a lost post stays newer than it', async () => {
    await (await open('Before')).run();
    const delivery = await open('Lost');
    await delivery.prepare();
    const { newestPostId } = delivery.call.witness;
    expect(newestPostId).toMatch(/^\d+$/);
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    await delivery.prepare();
    expect(delivery.call.witness['newestPostId']).toBe(newestPostId);
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'published' });
  });

  /** Sent, lost, and shown so late that it is taken for absent. */
  async function openVeryLate() {
    const delivery = await open('Very late');
    await delivery.prepare();
    await arm('publish', 'delayed-visibility', { ms: 8 * 60_000 });
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    return delivery;
  }

  it('looks before it sends again, for a post that shows only then', async () => {
    const delivery = await openVeryLate();
    // Longer than X can be counted on to refuse a duplicate.
    await stage.skip(24 * 60 * 60_000);
    const writes = delivery.writes.length;
    const fate = await delivery.run();
    const [post] = await stage.posts('x', 'ada');
    expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
    expect(delivery.writes).toHaveLength(writes);
    expect(await stage.posts('x', 'ada')).toHaveLength(1);
  });

  it('finds the post of an earlier attempt that shows only after the next one', async () => {
    const delivery = await openVeryLate();
    await delivery.prepare();
    // The next attempt is refused as a duplicate; its own time of sending is later than the post.
    expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
    await stage.skip(8 * 60_000);
    const sendingSince = stage.now();
    const fate = await x.reconcile({ ...delivery.call, sendingSince, asked: 0 });
    expect(fate).toMatchObject({ outcome: 'published' });
  });

  it('is absent only after two minutes of looking', async () => {
    const delivery = await open('Never arrived');
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(119_000);
  });

  it('looks through more posts than one page holds', async () => {
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
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'published' });
  });

  it('uploads again when the upload has expired', async () => {
    const delivery = await open('With image', true);
    await delivery.prepare();
    const first = delivery.call.witness['mediaId'];
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry' });
    await delivery.prepare();
    expect(delivery.call.witness['mediaId']).not.toBe(first);
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
  });
});
