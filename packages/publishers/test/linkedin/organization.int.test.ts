import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import { openDelivery, openStage, type Delivery, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const account = 'org-ada';
const open = (text: string, images: string[] = []) =>
  openDelivery(stage, linkedin, { account, text, images });
const arm = (step: string, fault: string, over: { ms?: number } = {}) =>
  stage.arm({ platform: 'linkedin', step, fault, ...over });
const posts = () => stage.posts('linkedin', account);

async function sendAndLose(delivery: Delivery, fault: string): Promise<void> {
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm('publish', fault);
  expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
}

/** A delivery that was sent, whose answer got lost, and that is listed so late that it counts as absent. */
async function openVeryLate(text: string): Promise<Delivery> {
  const delivery = await open(text);
  await arm('publish', 'delayed-visibility', { ms: 8 * 60_000 });
  await sendAndLose(delivery, 'commit-then-drop');
  expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
  return delivery;
}

describe('LinkedIn, an organization', () => {
  it('posts under its own URN', async () => {
    const delivery = await open('As Acme');
    expect(delivery.call.account.remoteAccountId).toMatch(/^urn:li:organization:\d+$/);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const sent = delivery.writes.at(-1)?.json;
    expect(sent).toMatchObject({ author: delivery.call.account.remoteAccountId });
  });

  it('reports a post as absent only after two minutes of look-ups', async () => {
    const delivery = await open('Never arrived');
    await sendAndLose(delivery, 'drop-before-commit');
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(119_000);
  });

  it('looks once more before a second send, and finds a post that is listed late', async () => {
    const delivery = await openVeryLate('Very late');
    // After the ten minutes in which LinkedIn refuses a duplicate.
    await stage.skip(60 * 60_000);
    const writes = delivery.writes.length;
    const fate = await delivery.run();
    const [post] = await posts();
    expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
    expect(delivery.writes).toHaveLength(writes);
    expect(await posts()).toHaveLength(1);
  });

  it('asks a person if a second send is refused as a duplicate and no post is listed', async () => {
    const delivery = await openVeryLate('Later still');
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    const [post] = await posts();
    expect(await delivery.lookUp()).toEqual({
      outcome: 'uncertain',
      reason: expect.stringContaining(post?.url as string),
    });
    expect(await posts()).toHaveLength(1);
  });

  it('finds the post of an earlier attempt that is listed only after the next one', async () => {
    const delivery = await openVeryLate('Late');
    await delivery.prepare();
    await delivery.publish();
    await stage.skip(8 * 60_000);
    const sendingSince = stage.now();
    const fate = await linkedin.lookUp({ ...delivery.call, sendingSince, asked: 0 });
    expect(fate).toMatchObject({ outcome: 'published' });
  });

  it('does not count an older identical post as ours', async () => {
    await stage.configure('linkedin', { duplicateWindowMs: 0 });
    expect(await (await open('Same')).run()).toMatchObject({ outcome: 'published' });
    const delivery = await open('Same');
    await sendAndLose(delivery, 'drop-before-commit');
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(2);
  });

  it('does not count a post with other images as ours', async () => {
    const delivery = await open('Same', ['a', 'b']);
    await delivery.prepare();
    expect(await (await open('Same', ['a', 'b'])).run()).toMatchObject({ outcome: 'published' });
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
  });

  it('searches more than one page of posts', async () => {
    const delivery = await open('First of many');
    await sendAndLose(delivery, 'commit-then-drop');
    for (let later = 0; later < 60; later++) {
      await delivery.call.http.request({
        method: 'POST',
        path: '/rest/posts',
        headers: { ...delivery.writes.at(-1)?.headers },
        json: { ...(delivery.writes.at(-1)?.json as object), commentary: `Later ${later}` },
      });
    }
    expect(await posts()).toHaveLength(61);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  it('gets no post if its posts cannot be read, since no look-up would work', async () => {
    await stage.configure('linkedin', { organizationsMayRead: false });
    expect(await (await open('No scope')).run()).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_account', actor: 'user' },
    });
    expect(await posts()).toEqual([]);
  });
});
