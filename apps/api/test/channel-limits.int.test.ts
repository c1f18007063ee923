import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readDueLimits } from '../../../packages/domain/src/channel/read-limits.ts';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// The limits of an account's server are read when the account is connected and again every day. Its posts are checked by them.

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.close());

const configure = (values: object) => app.sandbox('POST', '/settings', { platform: 'mastodon', ...values });
const armInstance = (fault: string, over: object = {}) =>
  app.sandbox('POST', '/faults', { platform: 'mastodon', step: 'identity', fault, ...over });
const connect = async (handle: string): Promise<string> => {
  const answer = await app.request('POST', '/channels', { platform: 'mastodon', handle });
  expect(answer.status).toBe(201);
  return answer.body.id;
};
const limitsOf = async (id: string) => {
  const { data } = (await app.request('GET', '/channels')).body;
  return data.find((channel: { id: string }) => channel.id === id).limits;
};
const draft = async (channelId: string, length: number): Promise<string> => {
  const content = { text: 'a'.repeat(length), channelIds: [channelId] };
  return (await app.request('POST', '/posts', content)).body.id;
};
const schedule = (postId: string) =>
  app.request('PUT', `/posts/${postId}/schedule`, { scheduledAt: secondsAhead(3_600) });
const tooLong = (max: number) => ({
  status: 422,
  body: {
    code: 'invalid_post',
    errors: [{ pointer: '/text', code: 'text_too_long', detail: expect.stringContaining(`allows ${max} `) }],
  },
});
const row = async (id: string) => {
  const [found] = await app.ctx.db.query<{ limits: unknown; dueInMinutes: number }>(
    `SELECT limits, round(extract(epoch FROM limits_due_at - now()) / 60)::int AS "dueInMinutes" FROM channel WHERE id = $1`,
    [id],
  );
  return found;
};
const makeDue = (id: string) =>
  app.ctx.db.query(`UPDATE channel SET limits_due_at = now() WHERE id = $1`, [id]);
const readDue = () => readDueLimits(app.ctx, app.ctx.platforms);
const instanceCalls = async (handle: string) => {
  const query = `/requests?platform=mastodon&account=${handle}`;
  const { requests } = (await app.sandbox('GET', query)) as { requests: { identity?: number } };
  return requests.identity ?? 0;
};

describe('the limits of a channel', () => {
  it('are those of its own server: one server takes a text that another refuses', async () => {
    const small = await connect('small');
    await configure({ maxCharacters: 1_000 });
    const large = await connect('large');
    expect(await limitsOf(small)).toMatchObject({ maxTextLength: 500 });
    expect(await limitsOf(large)).toMatchObject({ maxTextLength: 1_000, media: { max: 4 } });

    expect((await schedule(await draft(large, 900))).status).toBe(200);
    expect(await schedule(await draft(large, 1_001))).toMatchObject(tooLong(1_000));
    expect(await schedule(await draft(small, 900))).toMatchObject(tooLong(500));
    const publish = await app.request('POST', `/posts/${await draft(small, 900)}/publish`);
    expect(publish).toMatchObject(tooLong(500));
  });

  it('are checked when a scheduled post is edited or moved to another channel', async () => {
    const small = await connect('small');
    await configure({ maxCharacters: 1_000 });
    const large = await connect('large');
    const post = await draft(large, 10);
    await schedule(post);
    const edit = (change: object) => app.request('PATCH', `/posts/${post}`, change);
    expect((await edit({ text: 'a'.repeat(900) })).status).toBe(200);
    expect(await edit({ text: 'a'.repeat(1_001) })).toMatchObject(tooLong(1_000));
    expect(await edit({ channelIds: [small] })).toMatchObject(tooLong(500));
  });

  it('are the same at scheduling and at publishing: a text that may be scheduled is published', async () => {
    await configure({ maxCharacters: 1_000 });
    const large = await connect('large');
    await app.startWorker();
    const post = await draft(large, 900);
    expect((await app.request('POST', `/posts/${post}/publish`)).status).toBe(202);
    await eventually(
      async () => (await app.request('GET', `/posts/${post}`)).body.status,
      (status) => status === 'published',
      'it is published',
    );
    expect((await app.publicPosts('mastodon')).map(({ text }) => text.length)).toEqual([900]);
  });

  it('are those of the platform where all servers have the same', async () => {
    const platforms = (await app.request('GET', '/platforms')).body.data;
    for (const { id, limits } of platforms as { id: string; limits: object }[]) {
      expect(await limitsOf(app.channelOn(id))).toEqual(limits);
    }
    expect((await row(app.channelOn('x')))?.limits).toBeNull();
  });

  it.each([
    ['limits in an unknown form', { maxTextLength: '900', media: {} }],
    ['no limits', null],
  ])('are those of the platform where the row holds %s', async (_what, limits) => {
    const channel = await connect('odd');
    const value = limits && JSON.stringify(limits);
    await app.ctx.db.query(`UPDATE channel SET limits = $2 WHERE id = $1`, [channel, value]);
    expect(await limitsOf(channel)).toMatchObject({ maxTextLength: 500, media: { max: 4 } });
    expect((await schedule(await draft(channel, 500))).status).toBe(200);
    expect(await schedule(await draft(channel, 501))).toMatchObject(tooLong(500));
  });
});

describe('reading the limits of a server', () => {
  it('is repeated after a day, and shows changed limits', async () => {
    const channel = await connect('grows');
    const post = await draft(channel, 900);
    await configure({ maxCharacters: 1_000 });
    await readDue();
    expect(await schedule(post)).toMatchObject(tooLong(500));
    expect((await row(channel))?.dueInMinutes).toBe(24 * 60);

    await makeDue(channel);
    await readDue();
    expect((await schedule(post)).status).toBe(200);
    expect((await row(channel))?.dueInMinutes).toBe(24 * 60);
  });

  it('is done by a running worker', async () => {
    const channel = await connect('grows');
    await configure({ maxCharacters: 1_000 });
    await makeDue(channel);
    await app.startWorker();
    await eventually(
      () => limitsOf(channel),
      ({ maxTextLength }) => maxTextLength === 1_000,
      'the new limit is known',
    );
  });

  it.each([
    '5xx-before-commit',
    'drop-before-commit',
    'truncated-body',
    'rate-limited-bare',
    'expired-token',
  ])(
    'fails (%s) without breaking the connection or changing the limits, and is tried again after an hour',
    async (fault) => {
      await configure({ maxCharacters: 1_000 });
      await armInstance(fault, { account: 'away', after: 1 });
      const channel = await connect('away');
      expect(await row(channel)).toMatchObject({ limits: null });
      expect(await limitsOf(channel)).toMatchObject({ maxTextLength: 500 });
      // No limits are known yet: the worker reads them at once.
      await readDue();
      expect(await limitsOf(channel)).toMatchObject({ maxTextLength: 1_000 });

      await configure({ maxCharacters: 2_000 });
      await makeDue(channel);
      await armInstance(fault, { account: 'away' });
      await readDue();
      expect(await limitsOf(channel)).toMatchObject({ maxTextLength: 1_000 });
      expect((await row(channel))?.dueInMinutes).toBe(60);
      const calls = await instanceCalls('away');
      await readDue();
      expect(await instanceCalls('away')).toBe(calls);
    },
  );

  it('is done once by the first worker, and not for disconnected channels', async () => {
    const channel = await connect('once');
    await makeDue(channel);
    const before = await instanceCalls('once');
    await Promise.all([readDue(), readDue(), readDue()]);
    expect(await instanceCalls('once')).toBe(before + 1);
    await app.request('DELETE', `/channels/${channel}`);
    await makeDue(channel);
    await readDue();
    expect(await instanceCalls('once')).toBe(before + 1);
  });

  it('never connects to a server at a non-public address', async () => {
    let calls = 0;
    const server = createServer((_request, response) => {
      calls += 1;
      response.end('{"configuration":{"statuses":{"max_characters":9}}}');
    });
    const origin = await listen(server);
    const channel = await connect('inside');
    await app.ctx.db.query(`UPDATE channel SET server = $2, sandbox = false, limits = NULL WHERE id = $1`, [
      channel,
      origin,
    ]);
    await makeDue(channel);
    await readDue();
    expect([calls, (await row(channel))?.limits]).toEqual([0, null]);

    app.ctx.settings.allowPrivateServers = true;
    await makeDue(channel);
    await readDue();
    expect(calls).toBe(1);
    expect(await limitsOf(channel)).toMatchObject({ maxTextLength: 9 });
    await new Promise((resolve) => server.close(resolve));
  });

  it('replaces absurd limits of a hostile server by sane ones', async () => {
    await configure({ maxCharacters: 1_000_000_000_000, charactersPerUrl: -5, maxAttachments: 0 });
    const channel = await connect('hostile');
    expect(await limitsOf(channel)).toMatchObject({
      maxTextLength: 100_000,
      charactersPerLink: 23,
      media: { max: 4 },
    });
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
