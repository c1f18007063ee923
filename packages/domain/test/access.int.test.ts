import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Credentials } from '@solospark/publishers';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { sealCredentials, unsealCredentials, type SealedChannel } from '../src/channel/channel.ts';
import { findSealedChannel } from '../src/channel/credentials.repository.ts';
import { refreshCredentials } from '../src/channel/refresh-credentials.ts';
import { refreshDueCredentials } from '../src/channel/refresh-due-credentials.ts';

// Tokens expire. They are renewed before that, by one process at a time. A platform that cannot be asked ends no connection.
// Where only the author can act, due posts wait for the author.

let app: TestApp;
let channelId: string;
beforeEach(async () => {
  app = await startTestApp();
  const signIn = { platform: 'bluesky', identifier: 'ada.test', password: 'sandbox-ada', sandbox: true };
  const answer = await app.request('POST', '/connections/sign-in', signIn);
  expect(answer.status).toBe(201);
  channelId = answer.body.id;
});
afterEach(() => app.close());

const channel = async (): Promise<SealedChannel> => {
  const found = await findSealedChannel(app.ctx.db, channelId);
  if (!found) throw new Error('no channel');
  return found;
};
const credentials = async () => unsealCredentials(app.ctx.settings.keyring, await channel());
/** Changes the stored credentials. */
const giveCredentials = async (change: Partial<Credentials>) => {
  const sealed = sealCredentials(app.ctx.settings.keyring, await channel(), {
    ...(await credentials()),
    ...change,
  });
  await app.ctx.db.query(`UPDATE channel SET sealed_credentials = $2 WHERE id = $1`, [channelId, sealed]);
};
const endIn = (seconds: number) => giveCredentials({ expiresAt: secondsAhead(seconds) });
const publisher = () => app.ctx.findPublisher('bluesky')!;
const refreshes = async () => {
  const { requests } = (await app.sandbox('GET', '/requests?platform=bluesky&account=ada')) as {
    requests: { identity?: number };
  };
  return requests.identity ?? 0;
};
const publish = async (text: string, lateLimitMinutes: number | null = null) => {
  const post = (await app.request('POST', '/posts', { text, channelIds: [channelId], lateLimitMinutes }))
    .body;
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post as { id: string };
};
const delivery = async ({ id }: { id: string }) =>
  (await app.request('GET', `/posts/${id}`)).body.deliveries[0];
const published = (post: { id: string }) =>
  eventually(
    () => delivery(post),
    ({ status }) => status === 'published',
    'it is published',
  );
const timesPublic = async (text: string) =>
  (await app.publicPosts('bluesky')).filter((post) => post.text === text).length;
const channelNow = async () =>
  (await app.request('GET', '/channels')).body.data.find(({ id }: { id: string }) => id === channelId);
/** Makes the stored tokens invalid, as when the author has revoked the app password. */
const takePasswordAway = () => giveCredentials({ accessToken: 'a.b.c', refreshToken: 'd.e.f' });

describe('credentials that expire', () => {
  it('are stored sealed, and their channel knows when they expire', async () => {
    const { accessToken, refreshToken, expiresAt, refreshExpiresAt } = await credentials();
    expect(refreshToken).not.toBe(accessToken);
    const hours = (instant?: string) => Math.round((Date.parse(instant ?? '') - Date.now()) / 3_600_000);
    expect([hours(expiresAt), hours(refreshExpiresAt)]).toEqual([2, 90 * 24]);
    expect((await channel()).sealedCredentials).not.toContain(accessToken);
    expect(await channelNow()).toMatchObject({ status: 'active', expiresSoon: false });
    const [row] = await app.ctx.db.query<{ minutes: number }>(
      `SELECT extract(epoch FROM refresh_at - now())::float8 / 60 AS minutes FROM channel WHERE id = $1`,
      [channelId],
    );
    expect(Math.round(row?.minutes ?? 0)).toBe(90);
  });

  it('are renewed before a post when they are about to expire, and both tokens are stored', async () => {
    await endIn(60);
    const before = await credentials();
    await app.startWorker();
    await published(await publish('Renewed first'));
    const after = await credentials();
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(await timesPublic('Renewed first')).toBe(1);
  });

  it('are renewed when the platform says that they have expired, and the post goes out', async () => {
    // The platform's clock is two hours and a minute ahead: for us the token is still valid.
    await app.sandbox('POST', '/clock', { offsetMs: 121 * 60_000 });
    await app.startWorker();
    await published(await publish('It had ended'));
    expect(await timesPublic('It had ended')).toBe(1);
  });

  it('are renewed ahead of time, without a post, by a worker that knows the platform', async () => {
    const before = await credentials();
    await app.ctx.db.query(`UPDATE channel SET refresh_at = now() WHERE id = $1`, [channelId]);
    await refreshDueCredentials(app.ctx, ['x']);
    expect(await credentials()).toEqual(before);
    await refreshDueCredentials(app.ctx, app.ctx.platforms);
    expect((await credentials()).accessToken).not.toBe(before.accessToken);
    await refreshDueCredentials(app.ctx, app.ctx.platforms);
    expect(await refreshes()).toBe(3);
  });
});

describe('a renewal', () => {
  it('calls the platform once when several attempts need it at the same time', async () => {
    await app.sandbox('POST', '/latency', { platform: 'bluesky', ms: 500 });
    const before = await refreshes();
    const seen = await channel();
    const all = await Promise.all(
      Array.from({ length: 6 }, () => refreshCredentials(app.ctx, publisher(), seen)),
    );
    expect(await refreshes()).toBe(before + 1);
    const now = await credentials();
    for (const refreshed of all) expect(refreshed).toEqual({ outcome: 'refreshed', credentials: now });
  });

  it.each(['drop-before-commit', '5xx-before-commit', 'truncated-body', 'rate-limited-bare'])(
    'that fails at the platform (%s) ends no connection, and can be repeated at once',
    async (fault) => {
      await app.sandbox('POST', '/faults', { platform: 'bluesky', step: 'identity', fault, times: 1 });
      const before = await channel();
      expect(await refreshCredentials(app.ctx, publisher(), before)).toMatchObject({
        outcome: 'unavailable',
      });
      expect(await channel()).toEqual(before);
      // The failed renewal has given up its lease: the next one does not wait for it.
      expect(await refreshCredentials(app.ctx, publisher(), before)).toMatchObject({ outcome: 'refreshed' });
    },
  );

  it('that fails while the token is still valid delays no post', async () => {
    await endIn(60);
    await app.sandbox('POST', '/faults', {
      platform: 'bluesky',
      step: 'identity',
      fault: '5xx-before-commit',
      times: 1,
    });
    const before = await credentials();
    await app.startWorker();
    await published(await publish('With what was left'));
    expect(await credentials()).toEqual(before);
  });

  it('by a process that died is taken over when its lease has expired', async () => {
    const before = await channel();
    await app.ctx.db.query(`UPDATE channel SET refreshing_until = now() + interval '2 s' WHERE id = $1`, [
      channelId,
    ]);
    const started = Date.now();
    expect(await refreshCredentials(app.ctx, publisher(), before)).toMatchObject({ outcome: 'refreshed' });
    expect(Date.now() - started).toBeGreaterThan(1_500);
  });
});

describe('a connection that the platform has ended', () => {
  it('makes due posts wait, with a reason, and they go out when the account is connected again', async () => {
    await takePasswordAway();
    await app.startWorker();
    const post = await publish('Held');
    const held = await eventually(
      () => delivery(post),
      ({ failure }) => failure !== null,
      'it is held',
    );
    expect(held).toMatchObject({
      status: 'pending',
      attempts: 0,
      failure: { kind: 'auth_expired', actor: 'user' },
    });
    expect(await channelNow()).toMatchObject({ status: 'needs_reconnect' });
    expect((await channelNow()).reconnectReason).toMatch(/Bluesky no longer accepts this connection/);
    expect(await timesPublic('Held')).toBe(0);

    const signIn = { platform: 'bluesky', identifier: 'ada.test', password: 'sandbox-ada', sandbox: true };
    const again = await app.request('POST', '/connections/sign-in', signIn);
    expect(again.status).toBe(201);
    expect(again.body).toMatchObject({ id: channelId, status: 'active', reconnectReason: null });
    await published(post);
    expect(await timesPublic('Held')).toBe(1);
  });

  it('fails a post that waited longer than it may be late, and never sends it', async () => {
    await takePasswordAway();
    const worker = await app.startWorker();
    const post = await publish('Good morning', 30);
    await eventually(
      () => delivery(post),
      ({ failure }) => failure !== null,
      'it is held',
    );
    await worker.stop({ timeoutMs: 10_000 });
    // Moves all times back by half an hour.
    await app.ctx.db.query(
      `WITH tried AS (UPDATE attempt SET started_at = started_at - interval '31 min')
       UPDATE delivery SET due_at = due_at - interval '31 min', next_attempt_at = now() WHERE post_id = $1`,
      [post.id],
    );
    await app.startWorker();
    const failed = await eventually(
      () => delivery(post),
      ({ status }) => status === 'failed',
      'it is given up',
    );
    expect(failed.failure).toMatchObject({ kind: 'auth_expired', actor: 'user' });
    expect(failed.failure.reason).toMatch(/waited for that as long as it may be late/);
    const signIn = { platform: 'bluesky', identifier: 'ada.test', password: 'sandbox-ada', sandbox: true };
    await app.request('POST', '/connections/sign-in', signIn);
    await published(await publish('Good evening'));
    expect(await timesPublic('Good morning')).toBe(0);
  });

  it('accepts no new post until the account is connected again', async () => {
    await app.ctx.db.query(`UPDATE channel SET status = 'needs_reconnect' WHERE id = $1`, [channelId]);
    const post = await app.request('POST', '/posts', { text: 'a', channelIds: [channelId] });
    expect(post.status).toBe(422);
    expect(post.body.errors[0]).toMatchObject({ pointer: '/channelIds/0' });
  });
});

describe('one refused token', () => {
  it('that is valid ends no connection: the post is tried again', async () => {
    const demo = app.channelOn('x');
    await app.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'publish',
      fault: 'expired-token',
      times: 1,
    });
    await app.startWorker();
    const post = (await app.request('POST', '/posts', { text: 'Once more', channelIds: [demo] })).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    await published(post);
    expect((await app.publicPosts('x')).filter(({ text }) => text === 'Once more')).toHaveLength(1);
    const [{ status }] = (await app.request('GET', '/channels')).body.data.filter(
      ({ id }: { id: string }) => id === demo,
    );
    expect(status).toBe('active');
  });

  it('that is valid ends no connection after other failures either', async () => {
    const demo = app.channelOn('x');
    const arm = (step: string, fault: string, times: number) =>
      app.sandbox('POST', '/faults', { platform: 'x', step, fault, times });
    await arm('lookup', '5xx-before-commit', 2);
    await arm('publish', 'expired-token', 1);
    await app.startWorker();
    const post = (await app.request('POST', '/posts', { text: 'In bad hours', channelIds: [demo] })).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    await published(post);
    const { data } = (await app.request('GET', '/channels')).body;
    expect(data.find(({ id }: { id: string }) => id === demo)).toMatchObject({ status: 'active' });
  });

  it('that is valid but refused three times lacks a permission: its channel has to be connected again', async () => {
    const demo = app.channelOn('x');
    await app.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'publish',
      fault: 'expired-token',
      times: 3,
    });
    await app.startWorker();
    const post = (await app.request('POST', '/posts', { text: 'No permission', channelIds: [demo] })).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    const status = async () => {
      const { data } = (await app.request('GET', '/channels')).body;
      return data.find(({ id }: { id: string }) => id === demo).status as string;
    };
    await eventually(status, (now) => now === 'needs_reconnect', 'it waits for its author');
    expect(await delivery(post)).toMatchObject({ status: 'pending', attempts: 2 });
    expect((await app.request('POST', '/channels', { platform: 'x', handle: 'demo' })).status).toBe(201);
    await published(post);
  });

  it('that cannot be renewed and is refused everywhere makes its post wait until the account is connected again', async () => {
    const demo = app.channelOn('x');
    const [row] = await app.ctx.db.query<{ organizationId: string }>(
      `SELECT organization_id AS "organizationId" FROM channel WHERE id = $1`,
      [demo],
    );
    const gone = sealCredentials(
      app.ctx.settings.keyring,
      { id: demo, organizationId: row?.organizationId ?? '' },
      { accessToken: 'withdrawn' },
    );
    await app.ctx.db.query(`UPDATE channel SET sealed_credentials = $2 WHERE id = $1`, [demo, gone]);
    await app.startWorker();
    const post = (await app.request('POST', '/posts', { text: 'Patience', channelIds: [demo] })).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    await eventually(
      () => delivery(post),
      ({ failure }) => failure !== null,
      'it is held',
    );
    expect(await delivery(post)).toMatchObject({ status: 'pending' });
    expect((await app.request('POST', '/channels', { platform: 'x', handle: 'demo' })).status).toBe(201);
    await published(post);
  });
});

describe('a delivery that may be out', () => {
  it('stays so while no worker can look it up, and is never sent again without a look-up', async () => {
    const post = (await app.request('POST', '/posts', { text: 'Out?', channelIds: [app.channelOn('x')] }))
      .body;
    await app.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'publish',
      fault: 'commit-then-drop',
      times: 1,
    });
    const unseenMs = 60_000;
    await app.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'publish',
      fault: 'delayed-visibility',
      ms: unseenMs,
    });
    const worker = await app.startWorker();
    await app.request('POST', `/posts/${post.id}/publish`);
    const sendingAt = async () => {
      const [row] = await app.ctx.db.query<{ sendingAt: Date | null; status: string }>(
        `SELECT sending_at AS "sendingAt", status FROM delivery WHERE post_id = $1`,
        [post.id],
      );
      return row;
    };
    await eventually(
      sendingAt,
      (row) => row?.status === 'pending' && row.sendingAt !== null,
      'it may be out',
    );
    await worker.stop({ timeoutMs: 10_000 });

    // A worker that has no sandbox, then one whose keys do not open the credentials: neither can look it up.
    const { settings } = app.ctx;
    const { sandboxUrl, keyring } = settings;
    for (const blind of [
      () => (settings.sandboxUrl = null),
      () => (settings.keyring = { current: 'other', keys: { other: Buffer.alloc(32) } }),
    ]) {
      blind();
      await app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1`, [post.id]);
      const blinded = await app.startWorker();
      await eventually(
        () => delivery(post),
        ({ nextAttemptAt }) => Date.parse(nextAttemptAt) > Date.now() + 30_000,
        'it is put off',
      );
      await blinded.stop({ timeoutMs: 10_000 });
      expect((await sendingAt())?.sendingAt).not.toBeNull();
      Object.assign(settings, { sandboxUrl, keyring });
    }
    await app.sandbox('POST', '/clock', { offsetMs: unseenMs });
    await app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1`, [post.id]);
    await app.startWorker();
    await published(post);
    expect((await app.publicPosts('x')).filter(({ text }) => text === 'Out?')).toHaveLength(1);
  });
});
