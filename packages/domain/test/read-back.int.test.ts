import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';

// A change that was made is answered as made, also when somebody else has undone it before it is read back.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('an edit is answered with 200 and the edited post, also if the post is deleted before it is read back', async () => {
  const post = (await app.request('POST', '/posts', { text: 'Before', platforms: ['x'] })).body;
  const path = `/posts/${post.id}`;
  const { db } = app.ctx;
  const real = { ...db };
  // Between the commit of the edit and the next statement, another call deletes the post.
  let deleted: number | undefined;
  db.transaction = async (work) => {
    const result = await real.transaction(work);
    Object.assign(db, real);
    deleted = (await app.request('DELETE', path)).status;
    return result;
  };
  const edited = await app.request('PATCH', path, { text: 'After', lateLimitMinutes: 7 });
  expect(deleted).toBe(204);
  expect(edited.status).toBe(200);
  expect(edited.body).toMatchObject({
    id: post.id,
    status: 'draft',
    text: 'After',
    lateLimitMinutes: 7,
    revision: post.revision + 1,
  });
  expect((await app.request('GET', path)).status).toBe(404);
});
