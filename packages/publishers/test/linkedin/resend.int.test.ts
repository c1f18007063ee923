import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import { openDelivery, openStage, type Delivery, type DeliveryDraft, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (over: Partial<DeliveryDraft> = {}) =>
  openDelivery(stage, linkedin, {
    account: 'ada',
    text: 'Once more',
    settings: { resendIfUnclear: true },
    timeoutMs: 700,
    ...over,
  });
const arm = (fault: string, over: { after?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'linkedin', step: 'publish', fault, ...over });
const posts = (account = 'ada') => stage.posts('linkedin', account);
const sendings = (delivery: Delivery) =>
  delivery.writes.filter(({ path, query }) => path === '/rest/posts' && !query).length;

async function sendAndLose(delivery: Delivery, fault: string): Promise<void> {
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await arm(fault, { ms: 1_500 });
  expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
}
const absent = { outcome: 'absent', unproved: expect.stringContaining('sent once more, as you chose') };

describe('LinkedIn with `resendIfUnclear`', () => {
  it.each(['commit-then-drop', 'commit-then-5xx', 'commit-then-hang'])(
    'takes the duplicate refusal of the second send as proof: %s',
    async (fault) => {
      const delivery = await open({ images: ['a', 'b'] });
      await sendAndLose(delivery, fault);
      expect(await delivery.lookUp()).toEqual(absent);
      const writes = delivery.writes.length;
      const fate = await delivery.run();
      const [post, ...others] = await posts();
      expect(others).toEqual([]);
      expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
      // Nothing is uploaded again: with other files it would be another post.
      expect(delivery.writes).toHaveLength(writes + 1);
    },
  );

  it.each(['drop-before-commit', '5xx-before-commit', 'hang-before-commit'])(
    'publishes by the second send if the first never arrived: %s',
    async (fault) => {
      const delivery = await open();
      await arm(fault, { ms: 1_500 });
      const fate = await delivery.run();
      const [post, ...others] = await posts();
      expect(others).toEqual([]);
      expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
      expect(sendings(delivery)).toBe(2);
    },
  );

  it.each([
    ['commit-then-drop', 'drop-before-commit', 1],
    ['drop-before-commit', 'commit-then-drop', 1],
    ['drop-before-commit', '5xx-before-commit', 0],
    // A refusal of the second send says nothing about the first.
    ['commit-then-drop', 'expired-token', 1],
    ['commit-then-drop', 'rejected', 1],
    ['commit-then-drop', 'rate-limited', 1],
    ['commit-then-drop', 'rate-limited-bare', 1],
  ])('asks a person if the second send is unclear too, and sends no third: %s, %s', async (one, two, out) => {
    const delivery = await open();
    await sendAndLose(delivery, one);
    expect(await delivery.lookUp()).toEqual(absent);
    await arm(two);
    expect(await delivery.run()).toEqual({
      outcome: 'uncertain',
      reason: expect.stringContaining('Look at the profile'),
    });
    expect(sendings(delivery)).toBe(2);
    expect(await posts()).toHaveLength(out);
  });

  it('gives the same answer to repeated look-ups of the same send, until the time is over', async () => {
    const delivery = await open();
    await sendAndLose(delivery, 'commit-then-drop');
    expect(await delivery.lookUp()).toEqual(absent);
    await stage.skip(60_000);
    expect(await delivery.lookUp()).toEqual(absent);
    await stage.skip(8 * 60_000);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
    expect(sendings(delivery)).toBe(1);
  });

  it('asks a person after eight minutes', async () => {
    const delivery = await open();
    await sendAndLose(delivery, 'commit-then-drop');
    await stage.skip(8 * 60_000);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
    expect(sendings(delivery)).toBe(1);
  });

  it('does not send a second time after the ten minutes in which LinkedIn refuses duplicates', async () => {
    const delivery = await open();
    await sendAndLose(delivery, 'commit-then-drop');
    expect(await delivery.lookUp()).toEqual(absent);
    await stage.skip(11 * 60_000);
    expect(await delivery.run()).toMatchObject({ outcome: 'uncertain' });
    expect(sendings(delivery)).toBe(1);
    expect(await posts()).toHaveLength(1);
  });

  it('allows a normal retry by a person after that', async () => {
    const delivery = await open();
    await sendAndLose(delivery, 'drop-before-commit');
    await stage.skip(8 * 60_000);
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(1);
  });

  it('publishes with the URN that LinkedIn names, even if that post does not exist', async () => {
    await stage.configure('linkedin', { ghostUrns: true });
    const delivery = await open();
    await arm('commit-then-drop');
    const fate = await delivery.run();
    const [post] = await posts();
    expect(fate).toMatchObject({ outcome: 'published' });
    expect(fate).not.toMatchObject({ receipt: { remoteId: post?.id } });
  });

  it('sends no second time by default', async () => {
    const delivery = await open({ settings: {} });
    await sendAndLose(delivery, 'drop-before-commit');
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
    expect(sendings(delivery)).toBe(1);
  });

  it('never sends a second time for an organization, whose posts can be read', async () => {
    const delivery = await open({ account: 'org-ada' });
    await arm('commit-then-drop');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(sendings(delivery)).toBe(1);
    expect(delivery.call.evidence).not.toHaveProperty('resend');
  });
});
