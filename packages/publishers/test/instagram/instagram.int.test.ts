import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { instagram } from '../../src/instagram/index.ts';
import type { Witness } from '../../src/publisher.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text = 'A caption') =>
  openDelivery(stage, instagram, { account: 'ada', text, withImage: true });
const openWith = (images: string[], witness: Witness = {}) =>
  openDelivery(stage, instagram, { account: 'ada', text: 'An album', images, witness });
const arm = (step: string, fault: string, over: { after?: number; times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'instagram', step, fault, ...over });
const posts = () => stage.posts('instagram', 'ada');
const pictures = () => stage.pictures('instagram', 'ada');
const containersOf = ({ writes }: Delivery) => writes.filter(({ path }) => path.endsWith('/media'));

describe('Instagram', () => {
  it('believes the container, not the refusal of a post that went live', async () => {
    const delivery = await open();
    await arm('publish', 'commit-then-refused');
    const fate = await delivery.run();
    expect(await posts()).toHaveLength(1);
    expect(fate).toMatchObject({ outcome: 'published', receipt: { remoteId: (await posts())[0]?.id } });
  });

  it('does not take 100/33 for absence', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    await arm('status', 'rejected', { times: 5 });
    expect(await delivery.reconcile()).toMatchObject({ outcome: 'published' });
  });

  it('is not there only after a minute, since a publish call under way may still land', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.reconcile()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(59_000);
  });

  it('never publishes a container that is published', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // Taken for absent, wrongly: the delivery starts over.
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
    expect(await posts()).toHaveLength(1);
    const receipt = { remoteId: (await posts())[0]?.id, url: (await posts())[0]?.url };
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt });
  });

  it('is published without a link when the permalink cannot be read', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('lookup', 'drop-before-commit');
    const receipt = { remoteId: expect.stringMatching(/^\d+$/), url: null };
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt });
  });

  it('is published without a link when two captions match', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    const receipt = { remoteId: delivery.call.witness['containerId'], url: null };
    expect(await delivery.reconcile()).toEqual({ outcome: 'published', receipt });
  });

  it('makes a new container when one failed or expired', async () => {
    const delivery = await open();
    await arm('container', 'processing-failed');
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(delivery.call.witness['containerId']).toBeNull();
    await delivery.prepare();
    const { containerId } = delivery.call.witness;
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.call.witness['containerId']).not.toBe(containerId);
    expect(await posts()).toHaveLength(1);
  });
});

describe('Instagram: a carousel', () => {
  const album = ['a: Picture a', 'b: Picture b', 'c: Picture c'];

  it('is made of an item for each image, with its words; the caption stands at the whole', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const made = containersOf(delivery).map(({ json }) => json);
    expect(made).toEqual([
      ...['a', 'b', 'c'].map((name) => ({
        image_url: stage.imageUrl(name),
        alt_text: `Picture ${name}`,
        is_carousel_item: true,
      })),
      { media_type: 'CAROUSEL', children: expect.stringMatching(/^\d+,\d+,\d+$/), caption: 'An album' },
    ]);
    expect(await pictures()).toEqual(album);
  });

  it('waits for its items before it is made, and lets the worker go when they take long', async () => {
    await stage.configure('instagram', { pollsUntilReady: 7 });
    const delivery = await openWith(['a', 'b']);
    const outcome = await delivery.prepare();
    expect(outcome).toMatchObject({ outcome: 'wait-until', failure: { kind: 'unavailable' } });
    expect(containersOf(delivery)).toHaveLength(2);
    await stage.configure('instagram', { pollsUntilReady: 1 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(3);
  });

  it('makes only those items anew that could not be processed', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { after: 1 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(5);
    expect(await pictures()).toEqual(album);
  });

  it('finds out at once about all items that could not be processed', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { times: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(containersOf(delivery)).toHaveLength(7);
  });

  it('makes items anew that have expired', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'drop-before-commit', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(8);
    expect(await pictures()).toEqual(album);
  });

  it('makes its items anew when they went into one whose answer got lost', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'commit-then-drop', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'retry',
      failure: { kind: 'unavailable', detail: expect.stringContaining('error_subcode 2207006') },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(9);
    expect(await pictures()).toEqual(album);
  });

  it('is made anew with its items when it failed or expired itself', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(delivery.call.witness['containerId']).toBeNull();
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(12);
    expect(await pictures()).toEqual(album);
  });

  it('is found by its container after an answer that got lost', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('publish', 'commit-then-refused');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await pictures()).toEqual(album);
  });

  it('waits for the day’s containers in the middle of its items, and keeps those that it has', async () => {
    await stage.configure('instagram', { containersPerDay: 2 });
    const delivery = await openWith(['a', 'b', 'c']);
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait-until',
      failure: { kind: 'rate_limited' },
    });
    await stage.configure('instagram', { containersPerDay: 400 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(5);
  });
});

it('Instagram takes up a container that was made when a post could have one image', async () => {
  const earlier = await openWith(['a']);
  await earlier.prepare();
  const { containerId } = earlier.call.witness;
  const witness = { containerId, containerCreatedAt: stage.now().toISOString() };
  const delivery = await openWith(['a'], witness);
  expect(await delivery.run()).toMatchObject({ outcome: 'published' });
  expect(delivery.writes).toHaveLength(1);
  expect(await pictures()).toEqual(['a: Picture a']);
});
