import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { freeStuckDeliveries } from '../src/delivery/stuck.repository.ts';

// A delivery without a time is never claimed again: the tables refuse such a row, and one that exists all the same is freed.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

let written = 0;
const publish = async () => {
  const content = { text: `Must not be left lying, number ${(written += 1)}`, platforms: ['x'] };
  const post = (await app.request('POST', '/posts', content)).body as { id: string };
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post.id;
};
const change = (id: string, columns: string) =>
  app.ctx.db.query(`UPDATE delivery SET ${columns} WHERE post_id = $1`, [id]);
/** Drops the constraints, as in a restored backup of an older database. */
const withoutRules = async (work: () => Promise<unknown>) => {
  const rules = ['delivery_pending_has_a_time', 'delivery_claimed_has_an_end'];
  for (const rule of rules) await app.ctx.db.query(`ALTER TABLE delivery DROP CONSTRAINT IF EXISTS ${rule}`);
  await work();
};

it.each([
  [`next_attempt_at = NULL`, 'delivery_pending_has_a_time'],
  [`next_attempt_at = 'infinity'`, 'delivery_pending_has_a_time'],
  [`status = 'publishing'`, 'delivery_claimed_has_an_end'],
  [`status = 'publishing', lease_until = 'infinity'`, 'delivery_claimed_has_an_end'],
])('a fired delivery cannot be written with %s', async (columns, rule) => {
  const id = await publish();
  await expect(change(id, columns)).rejects.toThrow(rule);
});

it('a scheduled post cannot be written without a time', async () => {
  const post = (await app.request('POST', '/posts', { text: 'When?', platforms: ['x'] })).body as {
    id: string;
  };
  const update = `UPDATE post SET status = 'scheduled' WHERE id = $1`;
  await expect(app.ctx.db.query(update, [post.id])).rejects.toThrow('post_scheduled_has_a_time');
});

it('stuck deliveries are freed and published; those that wait for their time or are held are left alone', async () => {
  const stuck = await Promise.all([publish(), publish(), publish(), publish()]);
  const [waits, held] = [await publish(), await publish()];
  await change(waits, `next_attempt_at = now() + interval '31 days'`);
  await change(held, `status = 'publishing', lease_until = now() + interval '1 minute'`);
  await withoutRules(async () => {
    await change(stuck[0] ?? '', `next_attempt_at = NULL`);
    await change(
      stuck[1] ?? '',
      `next_attempt_at = now() + interval '40 years', updated_at = now() + interval '40 years'`,
    );
    await change(stuck[2] ?? '', `status = 'publishing', lease_until = NULL`);
    await change(stuck[3] ?? '', `status = 'publishing', lease_until = now() + interval '1 day'`);
  });
  expect(await freeStuckDeliveries(app.ctx.db)).toHaveLength(4);
  expect(await freeStuckDeliveries(app.ctx.db)).toEqual([]);

  await app.startWorker();
  for (const id of stuck) {
    await eventually(
      async () => (await app.request('GET', `/posts/${id}`)).body.status as string,
      (status) => status === 'published',
      'it is published',
    );
  }
  expect((await app.request('GET', `/posts/${waits}`)).body.status).toBe('publishing');
});
