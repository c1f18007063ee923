import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { SEND_WINDOW_MS, type ClaimedDelivery, type Settlement } from '../src/delivery/delivery.ts';
import { claimDeliveries, renewLeases, type Held } from '../src/delivery/claim.repository.ts';
import { settlePost } from '../src/delivery/settle-posts.repository.ts';
import { findOverduePosts, fireDuePosts, firePostNow } from '../src/firing/firing.repository.ts';
import { markSending, saveEvidence, settleDelivery } from '../src/delivery/lease.repository.ts';
import { firePost } from '../src/firing/fire-post.ts';
import { openWorkerPool } from '../src/worker/worker-pool.ts';
import { poolOf } from './worker-pool.ts';
import { createLease, SupersededError, TooLateToSendError } from '../src/delivery/lease.ts';

// The statements that fire, claim and settle, each raced against itself. No worker runs here.

let app: TestApp;
let ctx: TestApp['ctx'];
beforeAll(async () => {
  app = await startTestApp();
  ctx = app.ctx;
});
afterAll(() => app.close());

const scheduledPost = async (seconds = 3600) => {
  const post = (await app.request('POST', '/posts', { text: 'Claim me', platforms: ['x'] })).body;
  const answer = await app.request('PUT', `/posts/${post.id}/schedule`, {
    scheduledAt: secondsAhead(seconds),
  });
  return answer.body as { id: string; revision: number };
};
/** Makes the post due: changes the time in its row, and not its revision. */
const makeDue = (post: { id: string }) =>
  app.ctx.db.query(`UPDATE post SET scheduled_at = now() - interval '3 seconds' WHERE id = $1`, [post.id]);
const fired = async () => {
  const [delivery] = await firePostNow(app.ctx.db, await scheduledPost());
  if (!delivery) throw new Error('not fired');
  return delivery;
};
const request = { platform: 'x', limit: 1000, perChannel: 1000, except: [], trigger: 'job' } as const;
const claim = async ({ id, platform = 'x' }: { id: string; platform?: string }): Promise<ClaimedDelivery[]> =>
  (await claimDeliveries(app.ctx.db, { ...request, platform }, 'test')).filter((taken) => taken.id === id);
const claimed = async () => {
  const [held] = await claim(await fired());
  if (!held) throw new Error('not claimed');
  return held;
};
const settle = (held: Held, settlement: Settlement) => settleDelivery(ctx.db, { ...held, settlement });
const expireLease = ({ id }: { id: string }) =>
  app.ctx.db.query(`UPDATE delivery SET lease_until = now() - interval '1 second' WHERE id = $1`, [id]);
const takeOver = async (held: ClaimedDelivery) => {
  await expireLease(held);
  const taken = (await claimDeliveries(app.ctx.db, request, 'another')).find(({ id }) => id === held.id);
  if (!taken) throw new Error('not taken over');
  return taken;
};

describe('firing', () => {
  it('does nothing for the stale alarm of an older revision', async () => {
    const post = await scheduledPost();
    await makeDue(post);
    expect(await firePost(ctx, { postId: post.id, revision: post.revision - 1 })).toEqual({ platforms: [] });
    expect((await app.request('GET', `/posts/${post.id}`)).body.status).toBe('scheduled');
  });

  it('makes an alarm ring again that rang too early by the database’s clock', async () => {
    const post = await scheduledPost(60);
    const { again } = await firePost(ctx, { postId: post.id, revision: post.revision });
    expect(again?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    expect((await app.request('GET', `/posts/${post.id}`)).body.status).toBe('scheduled');
  });

  it('fires a post once when alarms and a publish-now call compete', async () => {
    const post = await scheduledPost();
    await makeDue(post);
    const alarm = { postId: post.id, revision: post.revision };
    const results = await Promise.all([
      ...Array.from({ length: 5 }, () => fireDuePosts(app.ctx.db, [alarm])),
      firePostNow(app.ctx.db, post),
    ]);
    const [{ id } = { id: '' }] = await app.ctx.db.query<{ id: string }>(
      'SELECT id FROM delivery WHERE post_id = $1',
      [post.id],
    );
    expect(results.flat().filter((delivery) => delivery.id === id)).toHaveLength(1);
  });

  it('never fires a post without the channel that an edit has just added', async () => {
    const post = await scheduledPost();
    await makeDue(post);
    const overdue = await findOverduePosts(app.ctx.db, { graceMs: 0, limit: 1000 });
    const channelIds = [app.channelOn('x'), app.channelOn('linkedin')];
    expect((await app.request('PATCH', `/posts/${post.id}`, { channelIds })).status).toBe(200);
    // The post was changed between the look and the firing: the revision that was seen is not fired.
    const seen = overdue.filter(({ postId }) => postId === post.id);
    expect(seen).toHaveLength(1);
    expect(await fireDuePosts(app.ctx.db, seen)).toEqual([]);
    const again = await findOverduePosts(app.ctx.db, { graceMs: 0, limit: 1000 });
    expect(
      await fireDuePosts(
        app.ctx.db,
        again.filter(({ postId }) => postId === post.id),
      ),
    ).toHaveLength(2);
  });

  it('skips a post whose row is locked, and makes its alarm ring again', async () => {
    const [held, free] = [await scheduledPost(), await scheduledPost()];
    for (const post of [held, free]) await makeDue(post);
    const alarms = [held, free].map(({ id, revision }) => ({ postId: id, revision }));
    await ctx.db.transaction(async (tx) => {
      await tx.query('SELECT FROM post WHERE id = $1 FOR UPDATE', [held.id]);
      const fired = await fireDuePosts(ctx.db, alarms);
      expect(fired.map(({ postId }) => postId)).toEqual([free.id]);
      const { again } = await firePost(ctx, { postId: held.id, revision: held.revision });
      expect(again?.getTime()).toBeGreaterThan(Date.now());
    });
    expect((await firePost(ctx, { postId: held.id, revision: held.revision })).platforms).toEqual(['x']);
  });

  it('leaves an overdue post to its alarm for the grace period', async () => {
    const post = await scheduledPost();
    await app.ctx.db.query(`UPDATE post SET scheduled_at = now() - interval '1 second' WHERE id = $1`, [
      post.id,
    ]);
    const found = async (graceMs: number) =>
      (await findOverduePosts(app.ctx.db, { graceMs, limit: 10 })).some(({ postId }) => postId === post.id);
    expect(await found(60_000)).toBe(false);
    expect(await found(0)).toBe(true);
  });
});

describe('claiming', () => {
  it('gives a delivery to one of eight concurrent claims, and opens one attempt in the ledger', async () => {
    const delivery = await fired();
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(delivery)));
    expect(claims.flat()).toHaveLength(1);
    expect(await claim(delivery)).toHaveLength(0);
    const attempts = await app.ctx.db.query('SELECT 1 FROM attempt WHERE delivery_id = $1', [delivery.id]);
    expect(attempts).toHaveLength(1);
  });

  it('never takes a delivery that this worker still publishes, even if its lease has expired', async () => {
    const held = await claimed();
    await expireLease(held);
    const others = await claimDeliveries(app.ctx.db, { ...request, except: [held.id] }, 'test');
    expect(others.map(({ id }) => id)).not.toContain(held.id);
  });

  it('takes a held delivery only after its lease has expired', async () => {
    const held = await claimed();
    const others = await claimDeliveries(app.ctx.db, request, 'another');
    expect(others.map(({ id }) => id)).not.toContain(held.id);
    const taken = await takeOver(held);
    expect(taken.fence).toBe(held.fence + 1);
  });

  it('renews the other leases while one row is locked, and that delivery still counts as held', async () => {
    const [locked, free] = [await claimed(), await claimed()];
    const leaseOf = async ({ id }: Held) =>
      (
        await ctx.db.query<{ lease: Date }>('SELECT lease_until AS lease FROM delivery WHERE id = $1', [id])
      )[0]?.lease;
    const before = await leaseOf(free);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ctx.db.transaction(async (tx) => {
      await tx.query('SELECT FROM delivery WHERE id = $1 FOR UPDATE', [locked.id]);
      expect(await renewLeases(ctx.db, [locked, free])).toEqual(new Set([locked.id, free.id]));
      expect((await leaseOf(free))?.getTime()).toBeGreaterThan(before?.getTime() ?? NaN);
    });
    const gone = { ...locked, fence: locked.fence - 1 };
    expect(await renewLeases(ctx.db, [gone, free])).toEqual(new Set([free.id]));
  });

  it('reads the text of the last accepted edit', async () => {
    const post = await scheduledPost();
    await app.request('PATCH', `/posts/${post.id}`, { text: 'The last word' });
    const now = (await app.request('GET', `/posts/${post.id}`)).body;
    const [delivery] = await firePostNow(app.ctx.db, now);
    expect((await claim(delivery!))[0]?.text).toBe('The last word');
  });
});

describe('a worker whose delivery was taken over', () => {
  it('can no longer write anything about the delivery', async () => {
    const held = await claimed();
    await takeOver(held);
    const { db } = app.ctx;
    expect(await saveEvidence(db, { ...held, facts: { late: true } })).toBe(false);
    expect(await markSending(db, held)).toBeUndefined();
    expect(await settle(held, { outcome: 'published', receipt: { remoteId: '1', url: null } })).toBe(false);
    expect((await renewLeases(db, [held])).size).toBe(0);
    const [row] = await db.query(`SELECT status, remote_id, witness FROM delivery WHERE id = $1`, [held.id]);
    expect(row).toEqual({ status: 'publishing', remote_id: null, witness: {} });
  });

  it('gets a SupersededError from every write of its lease', async () => {
    const held = await claimed();
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    await takeOver(held);
    await expect(lease.remember({ late: true })).rejects.toThrow(SupersededError);
    await expect(lease.commitSending()).rejects.toThrow(SupersededError);
    const failure = { kind: 'unknown', actor: 'user', reason: 'Late.' } as const;
    await expect(lease.settle({ outcome: 'failed', failure })).rejects.toThrow(SupersededError);
  });

  it('can still prove that the delivery is out: its receipt counts, whichever worker holds the delivery now', async () => {
    const held = await claimed();
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    const newer = await takeOver(held);
    // The newer holder gave up before the receipt came in, and the post ended with it.
    const failure = { kind: 'unknown', actor: 'user', reason: 'Cannot tell.' } as const;
    await settle(newer, { outcome: 'uncertain', failure });
    await settlePost(ctx.db, held.postId);
    await lease.settle({ outcome: 'published', receipt: { remoteId: '77', url: null } });
    await settlePost(ctx.db, held.postId);
    const post = (await app.request('GET', `/posts/${held.postId}`)).body;
    expect(post.status).toBe('published');
    expect(post.deliveries[0]).toMatchObject({ status: 'published', remoteId: '77', failure: null });
  });

  it('closes, with its receipt, the attempt of a newer holder that never comes back', async () => {
    const held = await claimed();
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    await takeOver(held);
    await lease.settle({ outcome: 'published', receipt: { remoteId: '78', url: null } });
    const attempts = await ctx.db.query(
      `SELECT outcome, ended_at IS NOT NULL AS closed FROM attempt WHERE delivery_id = $1 ORDER BY fence`,
      [held.id],
    );
    expect(attempts).toEqual([
      { outcome: 'published', closed: true },
      { outcome: 'superseded', closed: true },
    ]);
  });

  it('proves nothing about a delivery that is published already', async () => {
    const held = await claimed();
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    const newer = await takeOver(held);
    await settle(newer, { outcome: 'published', receipt: { remoteId: '1', url: null } });
    const late = lease.settle({ outcome: 'published', receipt: { remoteId: '2', url: null } });
    await expect(late).rejects.toThrow(SupersededError);
  });
});

describe('the send window', () => {
  it('allows one public call while it is open, and none after it has closed', async () => {
    let monotonicMs = 0;
    const clock = { ...app.ctx.clock, monotonicMs: () => monotonicMs };
    const asleep = { ...ctx, clock };
    const open = createLease(asleep, await claimed(), { signal: new AbortController().signal });
    expect(() => open.assertMaySend('POST')).toThrow(TooLateToSendError);
    await open.commitSending();
    monotonicMs += SEND_WINDOW_MS;
    expect(() => open.assertMaySend('POST')).not.toThrow();

    expect(() => open.assertMaySend('GET')).not.toThrow();
    expect(() => open.assertMaySend('POST')).toThrow(/second public call/);

    const stopping = new AbortController();
    const handedBack = createLease(asleep, await claimed(), { signal: stopping.signal });
    await handedBack.commitSending();
    stopping.abort();
    expect(() => handedBack.assertMaySend('POST')).toThrow(TooLateToSendError);
    expect(handedBack.hasSent()).toBe(false);

    const closed = createLease(asleep, await claimed(), { signal: new AbortController().signal });
    await closed.commitSending();
    monotonicMs += SEND_WINDOW_MS + 1;
    expect(() => closed.assertMaySend('POST')).toThrow(TooLateToSendError);
  });
});

describe('draining the pool', () => {
  it('waits for a claim that is still running, and claims nothing more', async () => {
    const delivery = await fired();
    let arrived = false;
    const pool = openWorkerPool({
      ...poolOf(ctx),
      async claim() {
        if (arrived) throw new Error('claimed after the end');
        await new Promise((resolve) => setTimeout(resolve, 300));
        arrived = true;
        return claim(delivery);
      },
    });
    pool.wake('x', 'job');
    expect(await pool.drain(20_000)).toBe(true);
    expect(arrived).toBe(true);
    const [row] = await app.ctx.db.query<{ status: string }>('SELECT status FROM delivery WHERE id = $1', [
      delivery.id,
    ]);
    expect(row?.status).toBe('published');
    pool.wake('x', 'job');
    expect(await pool.drain(1_000)).toBe(true);
    await pool.close();
  });
});

describe('settling', () => {
  it('is idempotent, so that it can be repeated when the answer to the first try was lost', async () => {
    const held = await claimed();
    const settlement = { outcome: 'published', receipt: { remoteId: '1', url: null } } as const;
    expect(await settle(held, settlement)).toBe(true);
    expect(await settle(held, settlement)).toBe(true);
  });

  it('ends the post with its last delivery, also when two end at the same time', async () => {
    const { db } = app.ctx;
    for (let round = 0; round < 5; round += 1) {
      const content = { text: `Round ${round}`, platforms: ['x', 'linkedin'] };
      const post = (await app.request('POST', '/posts', content)).body;
      const deliveries = await firePostNow(db, post);
      const claims = (await Promise.all(deliveries.map(claim))).flat();
      await Promise.all(
        claims.map(async (held) => {
          await settle(held, { outcome: 'published', receipt: { remoteId: '1', url: null } });
          await settlePost(ctx.db, post.id);
        }),
      );
      const now = (await app.request('GET', `/posts/${post.id}`)).body;
      expect(now.status).toBe('published');
      expect(now.publishedAt).not.toBeNull();
    }
  });

  it.each(['cut in the middle of an emoji: \ud83d', 'with a NUL: \u0000', 'with its other half: \ude00'])(
    'stores whatever text a platform sends: %j',
    async (words) => {
      const held = await claimed();
      const failure = {
        kind: 'unknown',
        actor: 'operator',
        reason: 'No.',
        detail: words,
        platformMessage: words,
      } as const;
      expect(await saveEvidence(ctx.db, { ...held, facts: { said: words } })).toBe(true);
      expect(await settle(held, { outcome: 'failed', failure })).toBe(true);
    },
  );

  it('counts a try, but not a wait that the platform asked for', async () => {
    const held = await claimed();
    const again = { afterMs: 0, mayBeOut: false, failure: null } as const;
    await settle(held, { ...again, outcome: 'wait_until', usesAttempt: false });
    const [second] = await claim(held);
    expect(second?.attemptsUsed).toBe(0);
    await settle(second!, { ...again, outcome: 'retry', usesAttempt: true });
    const [third] = await claim(held);
    expect(third?.attemptsUsed).toBe(1);
  });
});
