import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startTestApp, type Answer, type TestApp } from '../../../test/support/app.ts';
import { claimDeliveries } from '../src/delivery/claim.repository.ts';
import type { ClaimedDelivery, Settlement } from '../src/delivery/delivery.ts';
import { settlePosts } from '../src/delivery/settle-posts.repository.ts';
import { firePostNow, refirePost } from '../src/firing/firing.repository.ts';
import { createLease, SupersededError } from '../src/delivery/lease.ts';
import { markSending, settleDelivery } from '../src/delivery/lease.repository.ts';

// Disconnecting an account, while posts may be about to go out on it. PostgreSQL decides: after a 200 nothing goes out, and a
// 409 has changed nothing. A worker runs only where a test starts one.

let app: TestApp;
let ctx: TestApp['ctx'];
beforeEach(async () => {
  app = await startTestApp();
  ctx = app.ctx;
});
afterEach(() => app.close());

const failure = { kind: 'unknown', actor: 'user', reason: 'Refused.' } as const;
const disconnect = () => app.request('DELETE', `/channels/${app.channelOn('x')}`);
const draft = async (platforms = ['x']) =>
  (await app.request('POST', '/posts', { text: `Post ${Math.random()}`, platforms })).body as {
    id: string;
    revision: number;
    deliveries: { id: string; platform: string }[];
  };
const postNow = async ({ id }: { id: string }) => (await app.request('GET', `/posts/${id}`)).body;
const claim = async (platform = 'x'): Promise<ClaimedDelivery[]> =>
  claimDeliveries(ctx.db, { platform, limit: 1000, perChannel: 1000, except: [], trigger: 'job' }, 'test');
const claimedOf = async (post: { id: string; revision: number }) => {
  await firePostNow(ctx.db, post);
  const held = (await claim()).find(({ postId }) => postId === post.id);
  if (!held) throw new Error('not claimed');
  return held;
};
const claimAgain = async ({ id }: { id: string }) => {
  await ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE id = $1`, [id]);
  const held = (await claim()).find((each) => each.id === id);
  if (!held) throw new Error('not claimed again');
  return held;
};
const settle = async (held: ClaimedDelivery, settlement: Settlement) => {
  expect(await settleDelivery(ctx.db, { ...held, settlement })).toBe(true);
  await settlePosts(ctx.db, [held.postId]);
};
/** Whether a worker with this claim would send. */
const mayGoOut = async (held: ClaimedDelivery) =>
  held.channel.status === 'active' && (await markSending(ctx.db, held)) !== undefined;
const ledgerOf = (post: { id: string }) =>
  ctx.db.query<{ fence: number; trigger: string; outcome: string; detail: string | null; open: boolean }>(
    `SELECT a.fence, a.trigger, a.outcome, a.detail, a.ended_at IS NULL AS open
     FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.post_id = $1 ORDER BY a.fence`,
    [post.id],
  );

describe('disconnecting a channel', () => {
  it('fails deliveries that have fired and are not sent, with a reason that says what to do, and ends the post', async () => {
    const waiting = await draft();
    await firePostNow(ctx.db, waiting);
    const answer = await disconnect();
    expect(answer.status).toBe(200);
    const post = await postNow(waiting);
    expect(post.status).toBe('failed');
    expect(post.deliveries[0]).toMatchObject({
      status: 'failed',
      nextAttemptAt: null,
      failure: {
        kind: 'auth_expired',
        actor: 'user',
        reason: 'The channel was disconnected before this went out. Reconnect it, then try again.',
      },
    });
    expect(await ledgerOf(waiting)).toEqual([
      { fence: 1, trigger: 'person', outcome: 'failed', detail: 'the channel was disconnected', open: false },
    ]);
    expect(await claim()).toEqual([]);
  });

  it('leaves the other channels of the post alone', async () => {
    const both = await draft(['x', 'linkedin']);
    await firePostNow(ctx.db, both);
    expect((await disconnect()).status).toBe(200);
    expect((await postNow(both)).status).toBe('publishing');
    const [held] = await claim('linkedin');
    await settle(held!, { outcome: 'published', receipt: { remoteId: '1', url: null } });
    expect((await postNow(both)).status).toBe('partially_published');
  });

  it('fences off a worker that has not sent: it can neither send nor settle its delivery', async () => {
    const held = await claimedOf(await draft());
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    expect((await disconnect()).status).toBe(200);
    await expect(lease.remember({ late: true })).rejects.toThrow(SupersededError);
    await expect(lease.commitSending()).rejects.toThrow(SupersededError);
    await expect(lease.settle({ outcome: 'failed', failure })).rejects.toThrow(SupersededError);
    const outcomes = (await ledgerOf({ id: held.postId })).map(({ fence, outcome }) => [fence, outcome]);
    expect(outcomes).toEqual([
      [1, 'superseded'],
      [2, 'failed'],
    ]);
    expect((await postNow({ id: held.postId })).deliveries[0].failure.reason).toMatch(/disconnected/);
  });

  it('is refused, and changes nothing, while a delivery is being sent or looked up', async () => {
    const unsent = await claimedOf(await draft());
    const sent = await claimedOf(await draft());
    expect(await markSending(ctx.db, sent)).toBeDefined();
    const rows = () =>
      ctx.db.query(
        `SELECT c.status, c.sealed_credentials, d.id, d.status AS delivery, d.fence, d.sending_at
         FROM channel c JOIN delivery d ON d.channel_id = c.id ORDER BY d.id`,
      );
    const refused = async () => {
      const before = await rows();
      const answer = await disconnect();
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({ code: 'being_sent', detail: expect.stringMatching(/in a moment/) });
      expect(await rows()).toEqual(before);
    };
    await refused();
    // The answer was unclear: it may be out, and waits for the next look-up.
    const askAgain = { outcome: 'ask_again', afterMs: 60_000, usesAttempt: false } as const;
    await settle(sent, { ...askAgain, mayBeOut: true, failure: null });
    await refused();
    // Looked up and not found, too early for a proof: it is sent again, and may be out already.
    const unproved = { ...askAgain, outcome: 'absent', absenceUnproved: true, afterMs: 0 } as const;
    const looking = await claimAgain(sent);
    await settle(looking, { ...unproved, mayBeOut: true, failure: null });
    await refused();
    const again = await claimAgain(sent);
    expect(again).toMatchObject({ absenceUnproved: true, sendingAt: looking.sendingAt });
    await settle(again, { ...askAgain, mayBeOut: true, failure: null });
    await refused();
    expect(await mayGoOut(unsent)).toBe(true);
    await settle(unsent, { outcome: 'published', receipt: { remoteId: '1', url: null } });
    await refused();
    // Proved to be absent: nothing is out, and nothing will be.
    await ctx.db.query(`UPDATE delivery SET sending_at = NULL, sending_deadline_at = NULL WHERE id = $1`, [
      sent.id,
    ]);
    expect((await disconnect()).status).toBe(200);
    expect((await postNow({ id: unsent.postId })).status).toBe('published');
    expect((await postNow({ id: sent.postId })).status).toBe('failed');
  });
});

describe('retrying after a disconnection', () => {
  it('is refused on the disconnected account alone, and works for the other accounts of a post', async () => {
    const alone = await claimedOf(await draft());
    await settle(alone, { outcome: 'failed', failure });
    const both = await draft(['x', 'linkedin']);
    await firePostNow(ctx.db, both);
    for (const held of [...(await claim()), ...(await claim('linkedin'))])
      await settle(held, { outcome: 'failed', failure });
    expect((await disconnect()).status).toBe(200);

    const refused = await app.request('POST', `/posts/${alone.postId}/retry`);
    expect(refused.status).toBe(422);
    expect(refused.body.errors[0]).toMatchObject({ code: 'channel_not_connected', pointer: '/channelIds' });
    expect((await app.request('POST', `/posts/${both.id}/retry`)).status).toBe(202);
    expect((await claim('linkedin')).map(({ postId }) => postId)).toEqual([both.id]);
    expect((await claim()).map(({ channel }) => channel.status)).toEqual(['disabled']);
  });
});

describe('while a channel is being disconnected', () => {
  /** Blocks the disconnection just before its commit, until `during` has ended or waits for a lock. */
  const heldUp = async (during: () => Promise<unknown>): Promise<Answer> => {
    const held = await claimedOf(await draft());
    let disconnected: Promise<Answer> | undefined;
    let acted: Promise<unknown> | undefined;
    await ctx.db.transaction(async (tx) => {
      // The disconnection writes this row last, so it is blocked there.
      await tx.query(`SELECT FROM attempt WHERE delivery_id = $1 FOR UPDATE`, [held.id]);
      disconnected = disconnect();
      await eventually(lockWaits, (count) => count >= 1, 'the disconnection is held up');
      let done = false;
      acted = during().finally(() => (done = true));
      await eventually(
        async () => done || (await lockWaits()) >= 2,
        (over) => over,
        'the other one waits for the disconnection, or did not have to',
      );
    });
    const answer = await disconnected!;
    await acted;
    return answer;
  };
  const lockWaits = async () => {
    const [row] = await ctx.db.query<{ count: number }>(
      `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return row?.count ?? 0;
  };
  const failedPost = async () => {
    const held = await claimedOf(await draft());
    await settle(held, { outcome: 'failed', failure });
    return { ...(await postNow({ id: held.postId })), deliveryIds: [held.id] };
  };

  it.each([
    ['fires', draft, (post: { id: string; revision: number }) => firePostNow(ctx.db, post)],
    [
      'is tried again',
      failedPost,
      (post: { id: string; revision: number; deliveryIds?: string[] }) =>
        refirePost(ctx.db, { deliveryIds: [], ...post }),
    ],
    [
      'is written and published',
      () => Promise.resolve({ id: '', revision: 0 }),
      async () => firePostNow(ctx.db, await draft()),
    ],
  ])('a post that %s does not go out', async (_what, prepare, act) => {
    const post = await prepare();
    let held: ClaimedDelivery[] = [];
    const answer = await heldUp(async () => {
      await act(post);
      held = await claim();
    });
    expect(answer.status).toBe(200);
    expect(await Promise.all(held.map(mayGoOut))).toEqual(held.map(() => false));
    // The same for deliveries that are claimed later.
    expect(await Promise.all((await claim()).map(mayGoOut))).not.toContain(true);
  });
});

describe('disconnecting a channel while a worker runs', () => {
  it('is answered with 200 only if nothing goes out any more, else with 409; after a reconnection posts go out', async () => {
    await app.startWorker();
    await app.sandbox('POST', '/latency', { platform: 'x', ms: 30 });
    const answers = new Set<number>();
    for (let round = 0; round < 14; round += 1) {
      const post = await draft();
      await app.request('POST', `/posts/${post.id}/publish`);
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      const { status } = await disconnect();
      const shown = (await app.publicPosts('x')).length;
      answers.add(status);
      const ended = await eventually(
        () => postNow(post),
        (now) => ['published', 'failed'].includes(now.status),
        'the post ends',
      );
      if (status === 409) expect(ended.status).toBe('published');
      if (status === 200) expect((await app.publicPosts('x')).length).toBe(shown);
      if (status !== 200) continue;
      const again = await app.request('POST', '/channels', { platform: 'x', handle: 'demo' });
      expect(again.status).toBe(201);
      // Deliveries that failed because of the disconnection are sent without a retry.
      await eventually(
        () => postNow(post),
        (now) => now.status === 'published',
        'the post is published once the account is connected again',
      );
    }
    expect(answers).toContain(200);
    expect((await app.publicPosts('x')).length).toBe(14);
  });
});

describe('disconnecting a channel for a moment, with posts=hold', () => {
  const disconnectFor = (posts: string) =>
    app.request('DELETE', `/channels/${app.channelOn('x')}?posts=${posts}`);
  const connectAgain = () => app.request('POST', '/channels', { platform: 'x', handle: 'demo' });
  const isPublished = (post: { id: string }) =>
    eventually(
      () => postNow(post),
      ({ status }) => status === 'published',
      'it is published',
    );

  it('makes due posts wait, with a reason, and they go out when the account is connected again', async () => {
    const [fired, held] = [await draft(), await claimedOf(await draft())];
    const lease = createLease(ctx, held, { signal: new AbortController().signal });
    await firePostNow(ctx.db, fired);
    const answer = await disconnectFor('hold');
    expect([answer.status, answer.body.status, answer.body.holdsPosts]).toEqual([200, 'disabled', true]);
    // The worker that held one can neither send nor settle it.
    await expect(lease.commitSending()).rejects.toThrow(SupersededError);
    await expect(lease.settle({ outcome: 'failed', failure })).rejects.toThrow(SupersededError);
    await app.startWorker();
    for (const post of [fired, { id: held.postId }]) {
      const waiting = await eventually(
        () => postNow(post),
        ({ deliveries }) => deliveries[0].failure !== null,
        'it waits',
      );
      expect(waiting.status).toBe('publishing');
      expect(waiting.deliveries[0]).toMatchObject({
        status: 'pending',
        failure: {
          actor: 'user',
          reason: expect.stringMatching(/disconnected for the moment.*connected again/),
        },
      });
    }
    expect(await app.publicPosts('x')).toEqual([]);
    const again = await connectAgain();
    expect([again.status, again.body.holdsPosts]).toEqual([201, false]);
    // Far sooner than the next try, which is half a minute later.
    const connectedAt = Date.now();
    for (const post of [fired, { id: held.postId }]) await isPublished(post);
    expect(Date.now() - connectedAt).toBeLessThan(25_000);
    expect(await app.publicPosts('x')).toHaveLength(2);
  });

  it('fails a post that waited longer than it may be late', async () => {
    const post = await draft();
    await app.request('PATCH', `/posts/${post.id}`, { lateLimitMinutes: 1 });
    await firePostNow(ctx.db, await postNow(post));
    expect((await disconnectFor('hold')).status).toBe(200);
    await ctx.db.query(`UPDATE delivery SET due_at = now() - interval '2 minutes' WHERE post_id = $1`, [
      post.id,
    ]);
    await ctx.db.query(
      `INSERT INTO attempt (delivery_id, fence, worker, trigger, started_at, ended_at, outcome)
       SELECT id, 0, 'earlier', 'job', due_at, due_at, 'wait_until' FROM delivery WHERE post_id = $1`,
      [post.id],
    );
    await app.startWorker();
    const ended = await eventually(
      () => postNow(post),
      ({ status }) => status === 'failed',
      'it is given up',
    );
    expect(ended.deliveries[0].failure.reason).toMatch(/waited for that as long as it may be late/);
  });

  it('is kept by a second call without posts, and ended by posts=fail; another value is refused', async () => {
    const post = await draft();
    await firePostNow(ctx.db, post);
    expect((await disconnectFor('hold')).body.holdsPosts).toBe(true);
    expect((await disconnect()).body.holdsPosts).toBe(true);
    expect((await postNow(post)).status).toBe('publishing');
    const refused = await disconnectFor('keep');
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/posts']);
    expect((await disconnectFor('fail')).body.holdsPosts).toBe(false);
    expect((await postNow(post)).status).toBe('failed');
  });
});
