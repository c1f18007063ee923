import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { instagram } from '../../src/instagram/index.ts';
import { openDelivery, openStage, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text = 'A caption') =>
  openDelivery(stage, instagram, { account: 'ada', text, withImage: true });
const arm = (step: string, fault: string, over: { times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'instagram', step, fault, ...over });
const posts = () => stage.posts('instagram', 'ada');

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
