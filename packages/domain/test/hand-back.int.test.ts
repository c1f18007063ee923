import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Database } from '@solospark/db';
import type { PublishCall } from '@solospark/publishers';
import { rename } from 'node:fs/promises';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { MAX_ATTEMPTS, SEND_WINDOW_MS } from '../src/delivery/delivery.ts';
import { claimDeliveries } from '../src/delivery/claim.repository.ts';
import { firePostNow } from '../src/firing/firing.repository.ts';
import { publishDelivery } from '../src/delivery/publish-delivery.ts';

// A delivery that was certainly not sent is handed back, also on a platform without a look-up.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

it('a delivery is handed back when `sending` was committed and the answer to the commit was lost', async () => {
  const post = (await app.request('POST', '/posts', { text: 'Not sent yet', platforms: ['linkedin'] })).body;
  await firePostNow(app.ctx.db, post);
  const request = { platform: 'linkedin', limit: 1, perChannel: 1, except: [], trigger: 'job' } as const;
  const [claim] = await claimDeliveries(app.ctx.db, request, 'test');

  let committed = 0;
  const db: Database = {
    ...app.ctx.db,
    async query(sql, params) {
      const rows = await app.ctx.db.query<never>(sql, params);
      if (!sql.includes('sending_at = now()')) return rows;
      committed += rows.length;
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    },
  };
  await publishDelivery({ ...app.ctx, db }, claim!, { signal: new AbortController().signal });

  expect(committed).toBeGreaterThan(1);
  const [row] = await app.ctx.db.query(
    'SELECT status, sending_at, attempts_used FROM delivery WHERE id = $1',
    [claim!.id],
  );
  expect(row).toEqual({ status: 'pending', sending_at: null, attempts_used: 0 });
  const { requests } = (await app.sandbox('GET', '/requests?platform=linkedin')) as {
    requests: { publish?: number };
  };
  expect(requests.publish).toBeUndefined();

  await app.startWorker();
  const ended = await eventually(
    async () => (await app.request('GET', `/posts/${post.id}`)).body,
    (now) => now.status !== 'publishing',
    'the post ends',
  );
  expect(ended.status).toBe('published');
  expect(await app.publicPosts('linkedin')).toHaveLength(1);
  const attempts = await app.ctx.db.query<{ outcome: string }>(
    'SELECT outcome FROM attempt WHERE delivery_id = $1 ORDER BY fence',
    [claim!.id],
  );
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['handed_back', 'published']);
});

it('a bug of ours before the public call uses up an attempt, and waits before the next try', async () => {
  const post = (await app.request('POST', '/posts', { text: 'Of another version', platforms: ['x'] })).body;
  await app.ctx.db.query(`UPDATE delivery SET settings = '{"replySettings":"nobody"}' WHERE post_id = $1`, [
    post.id,
  ]);
  await firePostNow(app.ctx.db, post);
  const request = { platform: 'x', limit: 1, perChannel: 1, except: [], trigger: 'job' } as const;
  const [claim] = await claimDeliveries(app.ctx.db, request, 'test');
  await publishDelivery(app.ctx, claim!, { signal: new AbortController().signal });
  const [row] = await app.ctx.db.query(
    `SELECT status, sending_at, attempts_used, failure_actor, next_attempt_at > now() AS later FROM delivery WHERE id = $1`,
    [claim!.id],
  );
  expect(row).toEqual({
    status: 'pending',
    sending_at: null,
    attempts_used: 1,
    failure_actor: 'operator',
    later: true,
  });
  // A retry by the author names the setting that is wrong.
  await app.ctx.db.query(`UPDATE delivery SET status = 'failed' WHERE id = $1`, [claim!.id]);
  await app.ctx.db.query(`UPDATE post SET status = 'failed' WHERE id = $1`, [post.id]);
  const again = await app.request('POST', `/posts/${post.id}/retry`);
  expect([again.status, again.body.errors]).toEqual([
    422,
    [
      expect.objectContaining({
        pointer: expect.stringMatching(/channelSettings.*replySettings$/),
        code: 'enum',
      }),
    ],
  ]);
});

// One platform gets the whole file at once, the other one a stream.
it.each(['x', 'mastodon'])(
  'a fault of this server is not blamed on %s, and the post goes out once the fault is fixed',
  async (platform) => {
    const image = (await app.upload('lost.jpg', await demoImage())).body as { id: string };
    const content = { text: 'With an image', mediaIds: [image.id], platforms: [platform] };
    const post = (await app.request('POST', '/posts', content)).body as { id: string };
    await rename(app.mediaDirectory, `${app.mediaDirectory}-away`);
    expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
    const deliveryOf = async () => (await app.request('GET', `/posts/${post.id}`)).body.deliveries[0];
    const failed = await eventually(deliveryOf, ({ failure }) => failure !== null, 'a try fails');
    expect(failed).toMatchObject({
      status: 'pending',
      failure: { kind: 'media_unavailable', actor: 'operator' },
    });
    expect(await app.ctx.db.query('SELECT 1 FROM platform_circuit')).toEqual([]);
    await rename(`${app.mediaDirectory}-away`, app.mediaDirectory);
    await eventually(deliveryOf, ({ status }) => status === 'published', 'it is published');
  },
);

it('a publisher too slow for the send window is handed back with pauses and a reason, and then gives up; no token is lost', async () => {
  const post = (await app.request('POST', '/posts', { text: 'Too slow', platforms: ['x'] })).body;
  await app.ctx.db.query('DELETE FROM rate_bucket');
  await firePostNow(app.ctx.db, post);
  // Its `publish` takes longer than the window is open. A fake clock stands for that time, so the test does not wait.
  let asleepMs = 0;
  const slow = {
    ...app.ctx,
    clock: { ...app.ctx.clock, monotonicMs: () => app.ctx.clock.monotonicMs() + asleepMs },
    findPublisher(platform: string) {
      const publisher = app.ctx.findPublisher(platform);
      return (
        publisher && {
          ...publisher,
          publish(call: PublishCall) {
            asleepMs += SEND_WINDOW_MS + 1;
            return publisher.publish(call);
          },
        }
      );
    },
  };
  const request = { platform: 'x', limit: 1, perChannel: 1, except: [], trigger: 'job' } as const;
  const rows: unknown[] = [];
  for (let round = 0; round < 3 + MAX_ATTEMPTS; round += 1) {
    const [claim] = await claimDeliveries(app.ctx.db, request, 'test');
    await publishDelivery(slow, claim!, { signal: new AbortController().signal });
    const [row] = await app.ctx.db.query(
      `SELECT status, attempts_used AS tries, failure_actor AS actor, next_attempt_at > now() AS later, sending_at
       FROM delivery WHERE id = $1`,
      [claim!.id],
    );
    rows.push(row);
    await app.ctx.db.query(
      `UPDATE delivery SET next_attempt_at = now() WHERE id = $1 AND status = 'pending'`,
      [claim!.id],
    );
  }
  const waiting = { status: 'pending', actor: 'operator', later: true, sending_at: null };
  expect(rows).toEqual([
    ...[0, 0, 0, ...Array.from({ length: MAX_ATTEMPTS - 1 }, (_, at) => at + 1)].map((tries) => ({
      ...waiting,
      tries,
    })),
    { status: 'failed', tries: MAX_ATTEMPTS, actor: 'operator', later: null, sending_at: null },
  ]);
  const [delivery] = (await app.request('GET', `/posts/${post.id}`)).body.deliveries;
  expect(delivery.failure.reason).toMatch(/too slow to send the post.*tried 10 times/);
  const lost = 'SELECT key FROM rate_bucket WHERE tokens < capacity - 0.5';
  expect(await app.ctx.db.query(lost)).toEqual([]);
});
