import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { startLoops } from '../src/worker/loops.ts';
import { sweepers } from '../src/worker/sweepers.ts';

// All workers were away, and the alarms were lost. Only the sweepers run here: the deliveries that they fire stay pending.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** More than ten batches of a sweeper. */
const POSTS = 2_100;

it('all overdue posts are fired in one round of a sweeper, batch after batch, not one batch a second', async () => {
  await app.ctx.db.query(
    `WITH written AS (
       INSERT INTO post (organization_id, text, status, scheduled_at, schedule_job_id, alarm_set_at)
       SELECT $1, 'Overdue ' || n, 'scheduled', now() - interval '1 minute', 'lost', now()
       FROM generate_series(1, $2::int) AS n RETURNING id
     )
     INSERT INTO delivery (post_id, channel_id, platform) SELECT id, $3, 'x' FROM written`,
    [app.organizationId, POSTS, app.channelOn('x')],
  );
  const count = async (condition: string) => {
    const [row] = await app.ctx.db.query<{ posts: number }>(
      `SELECT count(*) AS posts FROM post WHERE ${condition}`,
    );
    return row?.posts;
  };
  const sweeping = startLoops(app.ctx, sweepers(app.ctx, [], { wake: () => undefined }, 'test'));
  try {
    await eventually(
      () => count(`status = 'scheduled'`),
      (left) => left === 0,
      'all are fired',
    );
  } finally {
    await sweeping.stop();
  }
  expect(await count(`status = 'publishing'`)).toBe(POSTS);
  const [fired] = await app.ctx.db.query<{ withinMs: number }>(
    `SELECT (extract(epoch FROM max(updated_at) - min(updated_at)) * 1000)::float8 AS "withinMs" FROM post`,
  );
  // One batch a second would take ten.
  expect(fired?.withinMs).toBeLessThan(5_000);
});
