import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { addMedia } from '../src/index.ts';

// Foreign files are read by few processes. Which of them comes next is decided between organizations.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.ctx.db.query(`INSERT INTO organization (id, name, slug) VALUES ('other', 'Other', 'other')`);
});
afterAll(() => app.close());

const MANY = 12;

it('the only file of one organization does not wait for twelve that another gave before it', async () => {
  // Once for nothing: to start the processes that read takes longer than to read, and is none of what is asked here.
  await endedInOrder(['other', app.organizationId, app.organizationId]);
  const many = Array.from({ length: MANY }, () => app.organizationId);
  const ended = await endedInOrder([...many, 'other']);
  expect(ended).toHaveLength(MANY + 1);
  expect(ended.indexOf('other')).toBeLessThan(MANY / 2);
});

/** One file each, all of which have come before the first is read: only the reading is taken in turns. */
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
