import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import type { Evidence } from '../../src/publisher.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string) => openDelivery(stage, linkedin, { account: 'ada', text, withImage: false });
const openWith = (text: string, images: string[], evidence: Evidence = {}) =>
  openDelivery(stage, linkedin, { account: 'ada', text, images, evidence });
const arm = (step: string, fault: string, over: { after?: number } = {}) =>
  stage.arm({ platform: 'linkedin', step, fault, ...over });
const uploadsOf = (delivery: Delivery) => delivery.writes.filter(({ method }) => method === 'PUT').length;

describe('LinkedIn', () => {
  it.each([...'|{}@[]()<>#\\*_~'])('shows the whole text with %s', async (char) => {
    const text = `Before ${char} after${char}${char}the end #tag`;
    await (await open(text)).run();
    expect(await stage.posts('linkedin', 'ada')).toMatchObject([{ text }]);
  });

  it('fails a first send that is refused as a duplicate', async () => {
    await (await open('Same')).run();
    const fate = await (await open('Same')).run();
    expect(fate).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', reason: expect.stringContaining('10 minutes') },
    });
  });

  it('treats a duplicate refusal after an unclear send only as a hint', async () => {
    const delivery = await open('Lost');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // A person did not see the post and retried it.
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    const [post] = await stage.posts('linkedin', 'ada');
    const reason = expect.stringContaining(post?.url as string);
    expect(await delivery.lookUp()).toEqual({ outcome: 'uncertain', reason });
    expect(await stage.posts('linkedin', 'ada')).toHaveLength(1);
  });

  it('does not count a clear refusal as an unclear send', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await arm('publish', 'rate-limited');
    expect(await delivery.publish()).toMatchObject({ outcome: 'wait_until' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'failed' });
  });
});

describe('LinkedIn images', () => {
  it('wait without using an attempt while they are being processed', async () => {
    await stage.configure('linkedin', { imageProcessingMs: 5 * 60_000 });
    const delivery = await openWith('Slow', ['a', 'b', 'c']);
    await delivery.prepare();
    for (let looks = 0; looks < 2; looks++) {
      const outcome = await delivery.publish();
      expect(outcome).toMatchObject({ outcome: 'wait_until', failure: { kind: 'unavailable' } });
      await stage.skip(2 * 60_000);
    }
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(3);
    expect(await stage.pictures('linkedin', 'ada')).toEqual(
      ['a', 'b', 'c'].map((name) => `${name}: Picture ${name}`),
    );
  });

  it('are uploaded again if they are not ready after half an hour', async () => {
    await stage.configure('linkedin', { imageProcessingMs: 24 * 60 * 60_000 });
    const delivery = await openWith('Stuck', ['a', 'b']);
    await delivery.prepare();
    await stage.skip(29 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'wait_until' });
    await stage.skip(2 * 60_000);
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    await stage.configure('linkedin', { imageProcessingMs: 0 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(4);
  });

  it('are waited for from the last upload on', async () => {
    await stage.configure('linkedin', { imageProcessingMs: 24 * 60 * 60_000 });
    const delivery = await openWith('One came late', ['a', 'b']);
    await arm('upload', 'drop-before-commit', { after: 2 });
    await delivery.prepare();
    await stage.skip(60 * 60_000);
    await delivery.prepare();
    expect(await delivery.publish()).toMatchObject({ outcome: 'wait_until' });
  });

  it('are all uploaded again if one fails processing, and go out once', async () => {
    const delivery = await openWith('One fails', ['a', 'b', 'c']);
    await arm('upload', 'processing-failed', { after: 1 });
    await delivery.prepare();
    expect(await delivery.publish()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await stage.posts('linkedin', 'ada')).toHaveLength(1);
    expect(uploadsOf(delivery)).toBe(6);
  });

  it('uploaded by a version in which a post had one image are used', async () => {
    const earlier = await openWith('Prepared before', ['a']);
    await earlier.prepare();
    const [upload] = Object.values(earlier.call.evidence['images'] as Record<string, { urn: string }>);
    const evidence = { imageUrn: upload?.urn, imageUploadedAt: stage.now().toISOString() };
    const delivery = await openWith('Prepared before', ['a'], evidence);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.writes).toHaveLength(1);
    expect(await stage.pictures('linkedin', 'ada')).toEqual(['a: Picture a']);
  });

  it('of that version are uploaded again if they cannot be used', async () => {
    await arm('upload', 'processing-failed');
    const earlier = await openWith('Broken before', ['a']);
    await earlier.prepare();
    const [upload] = Object.values(earlier.call.evidence['images'] as Record<string, { urn: string }>);
    const evidence = { imageUrn: upload?.urn, imageUploadedAt: stage.now().toISOString() };
    const delivery = await openWith('Broken before', ['a'], evidence);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(uploadsOf(delivery)).toBe(1);
  });
});
