import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findPublisher } from '../src/registry.ts';
import { NOW } from './answers.ts';
import { callOf, imageOf, serveScript, type ScriptedServer } from './scripted.ts';

// If a file is never ready, each public call is refused, which can go on for hours if a queue of the platform has stopped.

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

const UPLOADED = {
  x: { mediaId: '1', expiresAt: '2026-11-24T10:00:00.000Z', isDescribed: true },
  mastodon: { mediaId: '1', isReady: true, uploadedAt: NOW.toISOString(), failures: 0, formerIds: [] },
};

it.each([
  ['x', 400, { detail: 'The media is still being processed.' }],
  [
    'mastodon',
    422,
    { error: 'Cannot attach files that have not finished processing. Try again in a moment!' },
  ],
] as const)(
  'on %s, the public call is retried less and less often while a file is not ready',
  async (platform, status, body) => {
    server.answer(() => ({ status, body }));
    const evidence = { uploads: { image: UPLOADED[platform] }, idempotencyKey: 'k', newestStatusId: '4' };
    let now = NOW;
    const pauses: number[] = [];
    for (const afterMinutes of [0, 1, 4, 60]) {
      now = new Date(NOW.getTime() + afterMinutes * 60_000);
      const call = callOf(server.origin, { media: [imageOf()], evidence, now: () => now });
      const outcome = await findPublisher(platform)!.publish(call);
      if (outcome.outcome !== 'wait_until') throw new Error(JSON.stringify(outcome));
      pauses.push((outcome.until.getTime() - now.getTime()) / 1_000);
    }
    expect(pauses).toEqual(platform === 'x' ? [10, 15, 60, 600] : [5, 15, 60, 60]);
  },
);
