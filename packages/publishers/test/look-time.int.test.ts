import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { publishers } from '../src/registry.ts';
import type { LookUpCall } from '../src/publisher.ts';
import { openDelivery, openStage, type Delivery, type Stage } from './harness.ts';

// What a look proves, it proves of the time at which it was made: not of the time of its answer, nor of that at which a
// process that had stopped goes on.

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const MINUTE_MS = 60_000;
const publisherOf = (id: string) => publishers.find((each) => each.id === id)!;
async function sendAndLose(delivery: Delivery, platform: string, fault: string): Promise<Date> {
  expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
  await stage.arm({ platform, step: 'publish', fault });
  const sendingSince = stage.now();
  await delivery.publish();
  return sendingSince;
}

describe.each([
  { platform: 'x', account: 'ada' },
  { platform: 'instagram', account: 'ada' },
  { platform: 'linkedin', account: 'org-ada' },
  { platform: 'mastodon', account: 'ada' },
])('$platform: absence is not believed', ({ platform, account }) => {
  const publisher = publisherOf(platform);
  const open = async () => {
    const delivery = await openDelivery(stage, publisher, { account, text: 'Lost', withImage: true });
    const sendingSince = await sendAndLose(delivery, platform, 'drop-before-commit');
    return {
      delivery,
      call: { ...delivery.call, sendingSince, asked: 0 } satisfies Omit<LookUpCall, 'lookedAt'>,
    };
  };

  it('from a look that was begun too early, however late this process goes on with its answer', async () => {
    const { call } = await open();
    const { http } = call;
    const stopping: LookUpCall['http'] = {
      async request(request) {
        const response = await http.request(request);
        await stage.skip(11 * MINUTE_MS);
        return response;
      },
    };
    const looked = await publisher.lookUp({ ...call, http: stopping });
    expect(looked).toMatchObject({ outcome: 'ask_again' });
    // The next look is not put off for that: its time has come.
    expect(looked).toMatchObject({ afterMs: 1_000 });
    expect(await publisher.lookUp({ ...call, asked: 1 })).toEqual({ outcome: 'absent' });
  });

  it('sooner after the end of a call that took long than after one that took no time', async () => {
    const { call } = await open();
    await stage.skip(11 * MINUTE_MS);
    const callEndedAt = stage.now();
    expect(await publisher.lookUp({ ...call, callEndedAt })).toMatchObject({ outcome: 'ask_again' });
    await stage.skip(11 * MINUTE_MS);
    expect(await publisher.lookUp({ ...call, callEndedAt })).toEqual({ outcome: 'absent' });
  });
});

describe.each(['bluesky', 'mastodon'])('%s, when the row has forgotten what was sent', (platform) => {
  it('is sent under the same key, and stays one post', async () => {
    const publisher = publisherOf(platform);
    const row = { id: randomUUID(), createdAt: new Date('2026-11-01T10:00:00.123Z') };
    const draft = { account: 'ada', text: 'Once', delivery: row };
    await sendAndLose(await openDelivery(stage, publisher, draft), platform, 'commit-then-drop');
    const [first] = await stage.posts(platform, 'ada');
    await stage.skip(10 * MINUTE_MS);

    const again = await openDelivery(stage, publisher, draft);
    expect(await again.run()).toEqual({
      outcome: 'published',
      receipt: expect.objectContaining({ remoteId: first?.id }),
    });
    expect(await stage.posts(platform, 'ada')).toHaveLength(1);
  });

  it('is sent under another key for another delivery of the same text', async () => {
    const publisher = publisherOf(platform);
    for (const round of [1, 2]) {
      const delivery = await openDelivery(stage, publisher, { account: 'ada', text: 'Twice' });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(await stage.posts(platform, 'ada')).toHaveLength(round);
    }
  });
});
