import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { linkedin } from '../../src/linkedin/index.ts';
import { openDelivery, openStage, type Stage } from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text: string) => openDelivery(stage, linkedin, { account: 'ada', text, withImage: false });
const arm = (step: string, fault: string) => stage.arm({ platform: 'linkedin', step, fault });

describe('LinkedIn', () => {
  it.each([...'|{}@[]()<>#\\*_~'])('shows a text with %s to its end', async (char) => {
    const text = `Before ${char} after${char}${char}the end #tag`;
    await (await open(text)).run();
    expect(await stage.posts('linkedin', 'ada')).toMatchObject([{ text }]);
  });

  it('takes a duplicate on the first send for a refusal', async () => {
    await (await open('Same')).run();
    const fate = await (await open('Same')).run();
    expect(fate).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', reason: expect.stringContaining('10 minutes') },
    });
  });

  it('takes a duplicate after an unclear send for a hint', async () => {
    const delivery = await open('Lost');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // The person did not see it, and sent it again.
    expect(await delivery.publish()).toMatchObject({ outcome: 'uncertain' });
    const [post] = await stage.posts('linkedin', 'ada');
    const reason = expect.stringContaining(post?.url as string);
    expect(await delivery.reconcile()).toEqual({ outcome: 'cannot-tell', reason });
    expect(await stage.posts('linkedin', 'ada')).toHaveLength(1);
  });

  it('does not count a clear refusal as an unclear send', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await arm('publish', 'rate-limited');
    expect(await delivery.publish()).toMatchObject({ outcome: 'wait-until' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'failed' });
  });
});
