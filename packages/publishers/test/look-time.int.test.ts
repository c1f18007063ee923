import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { publishers } from '../src/registry.ts';
import type { LookUpCall } from '../src/publisher.ts';
import { openDelivery, openStage, type Delivery, type Stage } from './harness.ts';

// A look-up proves something only about the time at which it began, not about the time of its answer or the time at which a
// frozen process continues.

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
])('$platform: the absence of a post', ({ platform, account }) => {
  const publisher = publisherOf(platform);
  const open = async () => {
    const delivery = await openDelivery(stage, publisher, { account, text: 'Lost', withImage: true });
    const sendingSince = await sendAndLose(delivery, platform, 'drop-before-commit');
    return {
      delivery,
      call: { ...delivery.call, sendingSince, asked: 0 } satisfies Omit<LookUpCall, 'lookedAt'>,
    };
  };

  it('is not proved by a look-up that began too early, even if its answer is read much later', async () => {
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
    // The next look-up is due at once.
    expect(looked).toMatchObject({ afterMs: 1_000 });
    expect(await publisher.lookUp({ ...call, asked: 1 })).toEqual({ outcome: 'absent' });
  });

  it('is not proved before the full wait after the end of a long public call', async () => {
    const { call } = await open();
    await stage.skip(11 * MINUTE_MS);
    const callEndedAt = stage.now();
    expect(await publisher.lookUp({ ...call, callEndedAt })).toMatchObject({ outcome: 'ask_again' });
    await stage.skip(11 * MINUTE_MS);
    expect(await publisher.lookUp({ ...call, callEndedAt })).toEqual({ outcome: 'absent' });
  });
});

describe.each(['bluesky', 'mastodon'])('%s, after the evidence was lost: a delivery', (platform) => {
  it('is sent again under the same key and stays one post', async () => {
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

  it('has another key than another delivery with the same text', async () => {
    const publisher = publisherOf(platform);
    for (const round of [1, 2]) {
      const delivery = await openDelivery(stage, publisher, { account: 'ada', text: 'Twice' });
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(await stage.posts(platform, 'ada')).toHaveLength(round);
    }
  });
});
