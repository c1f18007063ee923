import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { SEND_WINDOW_MS, type ClaimedDelivery } from '../src/delivery/delivery.ts';
import {
  claimDeliveries,
  fireDuePosts,
  findOverduePosts,
  firePostNow,
  markSending,
  renewLeases,
  saveWitness,
  settleDelivery,
  settlePosts,
} from '../src/delivery/delivery.repository.ts';
import { firePost } from '../src/publishing/fire-post.ts';
import { trackRunningDeliveries } from '../src/publishing/running-deliveries.ts';
import { createHold, SupersededError, TooLateToSendError } from '../src/publishing/hold.ts';

// The statements that everything rests on, each raced against itself. No worker runs here.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const scheduledPost = async (seconds = 3600) => {
  const post = (await app.request('POST', '/posts', { text: 'Claim me', platforms: ['x'] })).body;
  const answer = await app.request('PUT', `/posts/${post.id}/schedule`, {
    scheduledAt: secondsAhead(seconds),
  });
  return answer.body as { id: string; revision: number };
};
/** As if its time had come: the row is moved, its revision is not. */
const makeDue = (post: { id: string }) =>
  app.ctx.db.query(`UPDATE post SET scheduled_at = now() - interval '3 seconds' WHERE id = $1`, [post.id]);
const fired = async () => {
  const [delivery] = await firePostNow(app.ctx.db, await scheduledPost());
  if (!delivery) throw new Error('not fired');
  return delivery;
};
const claim = async (delivery: { id: string; attempt: number }): Promise<ClaimedDelivery[]> =>
  claimDeliveries(app.ctx.db, { by: 'job', deliveryId: delivery.id, attempt: delivery.attempt }, 'test');
const claimed = async () => {
  const [held] = await claim(await fired());
  if (!held) throw new Error('not claimed');
  return held;
};
const expireLease = ({ id }: { id: string }) =>
  app.ctx.db.query(`UPDATE delivery SET lease_until = now() - interval '1 second' WHERE id = $1`, [id]);
const takeOver = async (held: ClaimedDelivery) => {
  await expireLease(held);
  const claims = await claimDeliveries(
    app.ctx.db,
    { by: 'reconciler', platform: held.platform, overdueMs: 3_600_000, limit: 1000, except: [] },
    'another',
  );
  const taken = claims.find(({ id }) => id === held.id);
  if (!taken) throw new Error('not taken over');
  return taken;
};

describe('firing', () => {
  it('does nothing for a superseded revision, however often it rings', async () => {
    const post = await scheduledPost();
    await makeDue(post);
    expect(await firePost(app.ctx, { postId: post.id, revision: post.revision - 1 })).toBeUndefined();
    expect((await app.request('GET', `/posts/${post.id}`)).body.status).toBe('scheduled');
  });

  it('rings again at its time when it rang too early by the database’s clock', async () => {
    const post = await scheduledPost(60);
    const again = await firePost(app.ctx, { postId: post.id, revision: post.revision });
    expect(again?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    expect((await app.request('GET', `/posts/${post.id}`)).body.status).toBe('scheduled');
  });

  it('fires once, whoever asks at the same time', async () => {
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
    // Between looking and firing the post has moved on: what was seen of it is not fired.
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

  it('leaves the scheduled time alone as long as the alarm may still ring', async () => {
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
  it('gives one attempt to one worker, and opens one row in the ledger', async () => {
    const delivery = await fired();
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(delivery)));
    expect(claims.flat()).toHaveLength(1);
    expect(await claim(delivery)).toHaveLength(0);
    const attempts = await app.ctx.db.query('SELECT 1 FROM attempt WHERE delivery_id = $1', [delivery.id]);
    expect(attempts).toHaveLength(1);
  });

  it('does not take from itself what it is still working on, whatever its lease says', async () => {
    const held = await claimed();
    await expireLease(held);
    const what = { by: 'reconciler', platform: 'x', overdueMs: 3_600_000, limit: 1000 } as const;
    expect(await claimDeliveries(app.ctx.db, { ...what, except: [held.id] }, 'test')).toEqual([]);
  });

  it('does not give away what is held, until its lease runs out', async () => {
    const held = await claimed();
    const what = { by: 'reconciler', platform: 'x', overdueMs: 0, limit: 1000, except: [] } as const;
    const others = await claimDeliveries(app.ctx.db, what, 'another');
    expect(others.map(({ id }) => id)).not.toContain(held.id);
    const taken = await takeOver(held);
    expect(taken.fence).toBe(held.fence + 1);
  });

  it('reads the text that was accepted last', async () => {
    const post = await scheduledPost();
    await app.request('PATCH', `/posts/${post.id}`, { text: 'The last word' });
    const now = (await app.request('GET', `/posts/${post.id}`)).body;
    const [delivery] = await firePostNow(app.ctx.db, now);
    expect((await claim(delivery!))[0]?.text).toBe('The last word');
  });
});

describe('a worker that was passed over', () => {
  it('can write nothing any more', async () => {
    const held = await claimed();
    await takeOver(held);
    const { db } = app.ctx;
    expect(await saveWitness(db, held, { late: true })).toBe(false);
    expect(await markSending(db, held)).toBeUndefined();
    expect(await settleDelivery(db, held, { as: 'published', receipt: { remoteId: '1', url: null } })).toBe(
      false,
    );
    expect((await renewLeases(db, [held])).size).toBe(0);
    const [row] = await db.query(`SELECT status, remote_id, witness FROM delivery WHERE id = $1`, [held.id]);
    expect(row).toEqual({ status: 'publishing', remote_id: null, witness: {} });
  });

  it('learns it from its hold', async () => {
    const held = await claimed();
    const hold = createHold(app.ctx, held, new AbortController().signal);
    await takeOver(held);
    await expect(hold.remember({ late: true })).rejects.toThrow(SupersededError);
    await expect(hold.commitSending()).rejects.toThrow(SupersededError);
    const failure = { kind: 'unknown', actor: 'user', reason: 'Late.' } as const;
    await expect(hold.settle({ as: 'failed', failure })).rejects.toThrow(SupersededError);
  });

  it('may still prove that it is out: a receipt counts, whoever holds the delivery now', async () => {
    const held = await claimed();
    const hold = createHold(app.ctx, held, new AbortController().signal);
    const newer = await takeOver(held);
    // The newer holder gave up before the receipt came in, and the post ended with it.
    const failure = { kind: 'unknown', actor: 'user', reason: 'Cannot tell.' } as const;
    await settleDelivery(app.ctx.db, newer, { as: 'uncertain', failure });
    await settlePosts(app.ctx.db, held.postId);
    await hold.settle({ as: 'published', receipt: { remoteId: '77', url: null } });
    await settlePosts(app.ctx.db, held.postId);
    const post = (await app.request('GET', `/posts/${held.postId}`)).body;
    expect(post.status).toBe('published');
    expect(post.deliveries[0]).toMatchObject({ status: 'published', remoteId: '77', failure: null });
  });

  it('proves nothing where it is known to be out already', async () => {
    const held = await claimed();
    const hold = createHold(app.ctx, held, new AbortController().signal);
    const newer = await takeOver(held);
    await settleDelivery(app.ctx.db, newer, { as: 'published', receipt: { remoteId: '1', url: null } });
    const late = hold.settle({ as: 'published', receipt: { remoteId: '2', url: null } });
    await expect(late).rejects.toThrow(SupersededError);
  });
});

describe('the send window', () => {
  it('lets the one request pass while it is open, and none after it has closed', async () => {
    let monotonicMs = 0;
    const clock = { ...app.ctx.clock, monotonicMs: () => monotonicMs };
    const ctx = { ...app.ctx, clock };
    const open = createHold(ctx, await claimed(), new AbortController().signal);
    expect(() => open.assertMaySend('POST')).toThrow(TooLateToSendError);
    await open.commitSending();
    monotonicMs += SEND_WINDOW_MS;
    expect(() => open.assertMaySend('POST')).not.toThrow();

    expect(() => open.assertMaySend('GET')).not.toThrow();
    expect(() => open.assertMaySend('POST')).toThrow(/second public call/);

    const stopping = new AbortController();
    const handedBack = createHold(ctx, await claimed(), stopping.signal);
    await handedBack.commitSending();
    stopping.abort();
    expect(() => handedBack.assertMaySend('POST')).toThrow(TooLateToSendError);
    expect(handedBack.hasSent()).toBe(false);

    const closed = createHold(ctx, await claimed(), new AbortController().signal);
    await closed.commitSending();
    monotonicMs += SEND_WINDOW_MS + 1;
    expect(() => closed.assertMaySend('POST')).toThrow(TooLateToSendError);
  });
});

describe('stopping', () => {
  it('waits for a claim that is still under way, and claims nothing more', async () => {
    const running = trackRunningDeliveries(app.ctx);
    const delivery = await fired();
    let arrived = false;
    const taken = running.take(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      arrived = true;
      return claim(delivery);
    });
    expect(await running.drain(20_000)).toBe(true);
    expect(arrived).toBe(true);
    expect(running.ids()).toEqual([]);
    await Promise.all(await taken);
    const [row] = await app.ctx.db.query<{ status: string }>('SELECT status FROM delivery WHERE id = $1', [
      delivery.id,
    ]);
    expect(row?.status).toBe('published');
    expect(await running.take(() => Promise.reject(new Error('claimed after the end')))).toEqual([]);
    await running.close();
  });
});

describe('settling', () => {
  it('may be repeated when the answer to the first try was lost', async () => {
    const held = await claimed();
    const settlement = { as: 'published', receipt: { remoteId: '1', url: null } } as const;
    expect(await settleDelivery(app.ctx.db, held, settlement)).toBe(true);
    expect(await settleDelivery(app.ctx.db, held, settlement)).toBe(true);
  });

  it('ends the post with its last delivery, also when two end at the same time', async () => {
    const { db } = app.ctx;
    for (let round = 0; round < 5; round += 1) {
      const content = { text: `Round ${round}`, platforms: ['x', 'linkedin'] };
      const post = (await app.request('POST', '/posts', content)).body;
      const deliveries = await firePostNow(db, post);
      const holds = (await Promise.all(deliveries.map(claim))).flat();
      await Promise.all(
        holds.map(async (held) => {
          await settleDelivery(db, held, { as: 'published', receipt: { remoteId: '1', url: null } });
          await settlePosts(db, post.id);
        }),
      );
      const now = (await app.request('GET', `/posts/${post.id}`)).body;
      expect(now.status).toBe('published');
      expect(now.publishedAt).not.toBeNull();
    }
  });

  it('counts a try, but not a wait that the platform asked for', async () => {
    const held = await claimed();
    const again = { as: 'pending', afterMs: 0, mayBeOut: false, failure: null } as const;
    await settleDelivery(app.ctx.db, held, { ...again, outcome: 'wait_until', usesAttempt: false });
    const [second] = await claim({ id: held.id, attempt: held.fence + 1 });
    expect(second?.attemptsUsed).toBe(0);
    await settleDelivery(app.ctx.db, second!, { ...again, outcome: 'retry', usesAttempt: true });
    const [third] = await claim({ id: held.id, attempt: held.fence + 2 });
    expect(third?.attemptsUsed).toBe(1);
  });
});
