import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { claimDeliveries, type ClaimRequest } from '../src/delivery/claim.repository.ts';
import {
  CHANNELS_TO_PAUSE,
  giveProbeBack,
  recordPlatformAnswers,
  recordPlatformFailure,
} from '../src/delivery/circuit.repository.ts';
import { fireDuePosts, firePostNow } from '../src/firing/firing.repository.ts';

// Which deliveries are claimed next: queue positions, limits per channel and per server, and paused platforms. No worker runs
// here.

let app: TestApp;
const channels: string[] = [];
beforeAll(async () => {
  app = await startTestApp();
  for (const handle of ['ada', 'ben', 'cleo', 'dora']) {
    const answer = await app.request('POST', '/channels', { platform: 'x', handle });
    expect(answer.status).toBe(201);
    channels.push(answer.body.id as string);
  }
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.ctx.db.query(`DELETE FROM platform_circuit`);
  // Deliveries of earlier tests must not be claimed.
  await app.ctx.db.query(
    `UPDATE delivery SET status = 'failed', next_attempt_at = NULL WHERE status IN ('pending', 'publishing')`,
  );
});

const fire = async (channelId: string | undefined, posts = 1) => {
  for (let at = 0; at < posts; at += 1) {
    const content = { text: `Number ${at} of ${posts}`, channelIds: [channelId] };
    const post = (await app.request('POST', '/posts', content)).body;
    expect(await firePostNow(app.ctx.db, post)).toHaveLength(1);
  }
};
const request = (wanted: Partial<ClaimRequest>): ClaimRequest => ({
  ...({ platform: 'x', limit: 100, perChannel: 100, except: [], trigger: 'job' } as const),
  ...wanted,
});
const claim = async (wanted: Partial<ClaimRequest> = {}) => {
  const claims = await claimDeliveries(app.ctx.db, request(wanted), 'test');
  return claims.map(({ channel }) => channel.id);
};

describe('claiming by queue position', () => {
  it('claims the only post of one account before most posts of another, which fired earlier', async () => {
    const [busy, quiet] = channels;
    await fire(busy, 12);
    expect(await claim({ limit: 4 })).toEqual([busy, busy, busy, busy]);
    await fire(quiet);
    // One slot becomes free at a time, and no limit applies: the queue position alone decides.
    expect(await claim({ limit: 1 })).toEqual([quiet]);
    expect(await claim({ limit: 1 })).toEqual([busy]);
  });

  it('claims the only post of one account before most posts of another, which fired in the same instant', async () => {
    const [busy, quiet] = channels;
    const posts: { postId: string; revision: number }[] = [];
    for (const channel of [busy, busy, busy, quiet]) {
      const post = (await app.request('POST', '/posts', { text: 'At nine', channelIds: [channel] })).body;
      await app.ctx.db.query(
        `UPDATE post SET status = 'scheduled', scheduled_at = date_trunc('minute', now()) WHERE id = $1`,
        [post.id],
      );
      posts.push({ postId: post.id, revision: post.revision });
    }
    expect(await fireDuePosts(app.ctx.db, posts)).toHaveLength(4);
    expect(await claim({ limit: 2 })).toEqual(expect.arrayContaining([busy, quiet]));
    expect(await claim()).toEqual([busy, busy]);
  });

  it('reads only the first rows of a long queue', async () => {
    const [busy] = channels;
    await app.ctx.db.query(
      `WITH posts AS (
         INSERT INTO post (organization_id, text, status)
         SELECT $1, 'One of many', 'publishing' FROM generate_series(1, 5000) RETURNING id
       )
       INSERT INTO delivery (post_id, channel_id, platform, due_at, next_attempt_at, turn_at)
       SELECT id, $2, 'x', now(), now(), now() FROM posts`,
      [app.organizationId, busy],
    );
    const rowsRead = await app.ctx.db.transaction(async (tx) => {
      const claims = await claimDeliveries(tx, request({ limit: 50 }), 'test');
      expect(claims).toHaveLength(50);
      const [row] = await tx.query<{ read: number }>(
        `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = 'delivery'`,
      );
      return row?.read;
    });
    expect(rowsRead).toBeGreaterThan(0);
    expect(rowsRead).toBeLessThan(1_000);
  });

  it('lets no channel have more than its limit at one time', async () => {
    const [busy, quiet] = channels;
    await fire(busy, 5);
    await fire(quiet, 2);
    expect((await claim({ perChannel: 3 })).filter((id) => id === busy)).toHaveLength(3);
    expect(await claim({ perChannel: 3 })).toEqual([]);
  });

  it('gives each delivery to one of several concurrent workers, and leaves none', async () => {
    for (const channel of channels) await fire(channel, 10);
    const claims: string[] = [];
    for (let round = 0; round < 20 && claims.length < 40; round += 1) {
      const workers = Array.from({ length: 4 }, () => claim({ limit: 3 }));
      claims.push(...(await Promise.all(workers)).flat());
    }
    expect(claims).toHaveLength(40);
  });
});

describe('a platform that fails', () => {
  const onSandbox = { platform: 'x', endpoint: 'sandbox' };
  const fail = (channelId: string | undefined, claimedAt = new Date(Date.now() + 1000)) =>
    recordPlatformFailure(app.ctx.db, {
      ...onSandbox,
      channelId: channelId ?? '',
      claimedAt,
      reason: 'HTTP 503',
    });
  const endPause = () =>
    app.ctx.db.query(`UPDATE platform_circuit SET paused_until = now() - interval '1 millisecond'`);

  it('is paused when it fails several accounts, and not when it fails one of them often', async () => {
    await fire(channels[0], 2);
    for (let time = 0; time < 5; time += 1) expect(await fail(channels[0])).toBeUndefined();
    expect(await claim({ limit: 1 })).toHaveLength(1);
    for (const channel of channels.slice(1, CHANNELS_TO_PAUSE - 1))
      expect(await fail(channel)).toBeUndefined();
    expect((await fail(channels[CHANNELS_TO_PAUSE - 1]))?.getTime()).toBeGreaterThan(Date.now() + 2_000);
    expect(await claim()).toEqual([]);
  });

  it('is probed by one delivery after its pause, and claimed from again once it has answered', async () => {
    for (const channel of channels) await fire(channel);
    for (const channel of channels) await fail(channel);
    await endPause();
    const probes = await claim();
    expect(probes).toHaveLength(1);
    expect(await claim()).toEqual([]);
    await recordPlatformAnswers(app.ctx.db, onSandbox);
    expect(await claim()).toHaveLength(3);
  });

  it('is probed by another delivery when the first probe ended without asking it', async () => {
    for (const channel of channels) await fire(channel);
    for (const channel of channels) await fail(channel);
    await endPause();
    expect(await claim()).toHaveLength(1);
    await giveProbeBack(app.ctx.db, onSandbox);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
  });

  it('still gives out the delivery of a dead worker, which may be out and has to be looked up', async () => {
    await fire(channels[0]);
    expect(await claim()).toHaveLength(1);
    await app.ctx.db.query(`UPDATE delivery SET lease_until = now() WHERE status = 'publishing'`);
    for (const channel of channels) await fail(channel);
    expect(await claim()).toHaveLength(1);
  });

  it('is paused twice as long when its probe fails, and not longer for claims from before the pause', async () => {
    for (const channel of channels) await fail(channel);
    const pauseMs = async () => {
      const [row] = await app.ctx.db.query<{ ms: number }>(
        `SELECT (extract(epoch FROM paused_until - paused_at) * 1000)::float8 AS ms FROM platform_circuit`,
      );
      return row?.ms ?? 0;
    };
    const first = await pauseMs();
    expect(await fail(channels[3], new Date(Date.now() - 60_000))).toBeUndefined();
    expect(await pauseMs()).toBe(first);
    await endPause();
    expect(await fail(channels[0])).toBeDefined();
    expect(await pauseMs()).toBe(2 * first);
  });

  it('does not pause the other platforms', async () => {
    for (const channel of channels) await fail(channel);
    const post = (await app.request('POST', '/posts', { text: 'Elsewhere', platforms: ['linkedin'] })).body;
    await firePostNow(app.ctx.db, post);
    expect(await claim({ platform: 'linkedin' })).toHaveLength(1);
  });
});

describe('a platform that is many servers', () => {
  const fediverse: Record<string, string[]> = { 'https://down.example': [], 'https://well.example': [] };
  const [down, well] = Object.keys(fediverse) as [string, string];
  beforeAll(async () => {
    for (const [server, ids] of Object.entries(fediverse)) {
      for (const handle of ['ada', 'ben', 'cleo']) {
        const [channel] = await app.ctx.db.query<{ id: string }>(
          `INSERT INTO channel (organization_id, platform, server, remote_account_id, handle, sealed_credentials)
           VALUES ($1, 'mastodon', $2, $3, $3, '') RETURNING id`,
          [app.organizationId, server, handle],
        );
        ids.push(channel!.id);
      }
    }
  });
  const failAll = async (server: string) => {
    for (const channelId of fediverse[server]!) {
      const claimedAt = new Date(Date.now() + 1000);
      const failed = { platform: 'mastodon', endpoint: server, channelId, claimedAt, reason: 'HTTP 503' };
      await recordPlatformFailure(app.ctx.db, failed);
    }
  };
  const fireAll = async (server: string, posts = 1) => {
    for (const channel of fediverse[server]!) await fire(channel, posts);
  };
  const claimOf = async (wanted: Partial<ClaimRequest> = {}) => {
    const claims = await claimDeliveries(app.ctx.db, request({ platform: 'mastodon', ...wanted }), 'test');
    return claims.map(({ endpoint }) => endpoint).sort();
  };
  const endPauses = () =>
    app.ctx.db.query(`UPDATE platform_circuit SET paused_until = now() - interval '1 millisecond'`);

  it('pauses only the server that fails several accounts', async () => {
    await fireAll(down);
    await fireAll(well);
    await failAll(down);
    expect(await claimOf()).toEqual([well, well, well]);
  });

  it('probes each paused server by one delivery, also when several servers are probed at the same time', async () => {
    for (const server of [down, well]) {
      await fireAll(server);
      await failAll(server);
    }
    expect(await claimOf()).toEqual([]);
    await endPauses();
    const probes = await Promise.all([claimOf(), claimOf(), claimOf()]);
    expect(probes.flat().sort()).toEqual([down, well]);
    await recordPlatformAnswers(app.ctx.db, { platform: 'mastodon', endpoint: well });
    expect(await claimOf()).toEqual([well, well]);
  });

  it('limits the deliveries of one server per worker, so that a server whose calls hang leaves room', async () => {
    await fireAll(down, 4);
    expect(await claimOf({ perEndpoint: { most: 5, held: {} } })).toEqual(Array(5).fill(down));
    await fireAll(well);
    expect(await claimOf({ perEndpoint: { most: 5, held: { [down]: 5 } } })).toEqual([well, well, well]);
  });

  it('limits the deliveries of all servers in doubt together, however many they are', async () => {
    const failing = Array.from({ length: 20 }, (_, at) => `https://${at}.failing.example`);
    for (const server of failing) {
      const [channel] = await app.ctx.db.query<{ id: string }>(
        `INSERT INTO channel (organization_id, platform, server, remote_account_id, handle, sealed_credentials)
         VALUES ($1, 'mastodon', $2, 'only', 'only', '') RETURNING id`,
        [app.organizationId, server],
      );
      await fire(channel!.id);
      const failed = { platform: 'mastodon', endpoint: server, channelId: channel!.id, reason: 'timed out' };
      await recordPlatformFailure(app.ctx.db, { ...failed, claimedAt: new Date(Date.now() + 1000) });
    }
    await fireAll(well);
    const claims = await claimOf({ perEndpoint: { most: 5, held: { [failing[0]!]: 2 } } });
    expect(claims.filter((server) => server === well)).toHaveLength(3);
    expect(claims).toHaveLength(3 + 3);
  });

  it('is claimed at the same cost when a server that is down has very many pending deliveries', async () => {
    await app.ctx.db.query(
      `WITH posts AS (
         INSERT INTO post (organization_id, text, status)
         SELECT $1, 'One of many', 'publishing' FROM generate_series(1, 40000) RETURNING id
       )
       INSERT INTO delivery (post_id, channel_id, platform, endpoint, due_at, next_attempt_at, turn_at)
       SELECT id, $2, 'mastodon', $3, now(), now(), now() FROM posts`,
      [app.organizationId, fediverse[down]![0], down],
    );
    // Autovacuum does this by itself. Without it the planner expects a small table, and reads all of it.
    await app.ctx.db.query('ANALYZE delivery');
    await failAll(down);
    await fireAll(well);
    const rowsRead = await app.ctx.db.transaction(async (tx) => {
      const wanted = request({ platform: 'mastodon', limit: 50 });
      expect(await claimDeliveries(tx, wanted, 'test')).toHaveLength(3);
      const [row] = await tx.query<{ read: number }>(
        `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = 'delivery'`,
      );
      return row?.read;
    });
    expect(rowsRead).toBeLessThan(200);
  });
});
