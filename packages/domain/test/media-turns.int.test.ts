import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { addMedia } from '../src/index.ts';

// Few processes read foreign files. Which file comes next is decided fairly between organizations.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.ctx.db.query(`INSERT INTO organization (id, name, slug) VALUES ('other', 'Other', 'other')`);
});
afterAll(() => app.close());

const MANY = 12;

it('the only file of one organization does not wait for twelve that another uploaded before it', async () => {
  // A warm-up: starting the reading processes takes longer than reading, and is not tested here.
  await endedInOrder(['other', app.organizationId, app.organizationId]);
  const many = Array.from({ length: MANY }, () => app.organizationId);
  const ended = await endedInOrder([...many, 'other']);
  expect(ended).toHaveLength(MANY + 1);
  expect(ended.indexOf('other')).toBeLessThan(MANY / 2);
});

/** One file each. All are received before the first is read: only the order of reading is tested. */
async function endedInOrder(organizations: string[]): Promise<string[]> {
  const image = Buffer.from(await demoImage());
  const received = await Promise.all(
    organizations.map(async (organizationId) => {
      const upload = await app.ctx.staging.open();
      return { organizationId, upload, file: await upload.receive(Readable.from([image])) };
    }),
  );
  const ended: string[] = [];
  try {
    await Promise.all(
      received.map(async ({ organizationId, upload, file }) => {
        await addMedia(app.ctx, { organizationId, upload, file, name: 'a', altText: null });
        ended.push(organizationId);
      }),
    );
  } finally {
    await Promise.all(received.map(({ upload }) => upload.discard()));
  }
  return ended;
}
