import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '@solospark/db';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { connectSandboxChannel } from '../src/connection/connect-sandbox-channel.ts';
import { leaveRefresh, takeRefresh } from '../src/channel/credentials.repository.ts';
import { disconnectChannel } from '../src/connection/disconnect-channel.ts';
import type { Context } from '../src/context.ts';
import { updateAltText } from '../src/post/update-alt-text.ts';
import { deletePost } from '../src/post/delete-post.ts';
import { editPost } from '../src/post/edit-post.ts';
import { getPost } from '../src/post/get-post.ts';
import { publishPostNow } from '../src/firing/publish-post-now.ts';
import { retryPost } from '../src/firing/retry-post.ts';
import { schedulePost } from '../src/post/schedule-post.ts';
import { unschedulePost } from '../src/post/unschedule-post.ts';

// A change is committed and its answer is lost. Before it is repeated, somebody else makes another change. The first change
// is recognised as made, and not made again. No worker runs here.

let app: TestApp;
let ctx: TestApp['ctx'];
beforeAll(async () => {
  app = await startTestApp();
  ctx = app.ctx;
});
afterAll(() => app.close());

const lost = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const newPost = async () => {
  const post = (await app.request('POST', '/posts', { text: 'Mine', platforms: ['x'] })).body as {
    id: string;
  };
  return { organizationId: app.organizationId, postId: post.id };
};
type PostKey = Awaited<ReturnType<typeof newPost>>;

/**
 * A context in which the first statement or transaction that matches `counts` is carried out, and its answer is lost.
 * `meanwhile` runs before the repetition.
 */
function losing(counts: (sql: string) => boolean, meanwhile: () => Promise<unknown>): Context {
  let armed = true;
  const lose = async <T>(result: T): Promise<T> => {
    if (!armed) return result;
    armed = false;
    await meanwhile();
    throw lost();
  };
  const db: Database = {
    ...ctx.db,
    async query<Row extends object>(sql: string, params?: unknown[]) {
      const rows = await ctx.db.query<Row>(sql, params);
      return counts(sql) ? lose(rows) : rows;
    },
    async transaction(work) {
      let counted = false;
      const result = await ctx.db.transaction((tx) =>
        work({
          query: (sql, params) => {
            counted ||= counts(sql);
            return tx.query(sql, params);
          },
        }),
      );
      return counted ? lose(result) : result;
    },
  };
  return { ...ctx, db };
}
const changesPost = (sql: string) => /UPDATE post\s+SET/.test(sql);

describe('a change whose answer was lost', () => {
  const edit = (on: Context, key: PostKey, text: string) =>
    editPost(on, { ...key, content: { text, channelIds: [app.channelOn('x')] } });
  const first = inHours(1);
  const second = inHours(48);

  it.each<{
    what: string;
    before?: (key: PostKey) => Promise<unknown>;
    own: (on: Context, key: PostKey) => Promise<unknown>;
    theirs: (key: PostKey) => Promise<unknown>;
    stays: object;
  }>([
    {
      what: 'a schedule that is moved by another meanwhile',
      own: (on, key) => schedulePost(on, { ...key, scheduledAt: first }),
      theirs: (key) => schedulePost(ctx, { ...key, scheduledAt: second }),
      stays: { status: 'scheduled', scheduledAt: new Date(second), revision: 3 },
    },
    {
      what: 'a cancel of a post that another schedules again',
      before: (key) => schedulePost(ctx, { ...key, scheduledAt: first }),
      own: (on, key) => unschedulePost(on, key),
      theirs: (key) => schedulePost(ctx, { ...key, scheduledAt: second }),
      stays: { status: 'scheduled', scheduledAt: new Date(second), revision: 4 },
    },
    {
      what: 'a schedule of a post that another publishes now',
      own: (on, key) => schedulePost(on, { ...key, scheduledAt: first }),
      theirs: (key) => publishPostNow(ctx, key),
      stays: { status: 'publishing', revision: 3 },
    },
    {
      what: 'an edit of a text that another replaces',
      own: (on, key) => edit(on, key, 'Ours'),
      theirs: (key) => edit(ctx, key, 'Theirs'),
      stays: { text: 'Theirs', revision: 3 },
    },
    {
      what: 'a publication that fails and is tried again by another',
      own: (on, key) => publishPostNow(on, key),
      theirs: async (key) => {
        await ctx.db.query(`UPDATE delivery SET status = 'failed' WHERE post_id = $1`, [key.postId]);
        await ctx.db.query(`UPDATE post SET status = 'failed' WHERE id = $1`, [key.postId]);
        await retryPost(ctx, key);
      },
      stays: { status: 'publishing', revision: 3 },
    },
  ])('$what is answered as made, and not made again', async ({ before, own, theirs, stays }) => {
    const key = await newPost();
    await before?.(key);
    const answered = await own(
      losing(changesPost, () => theirs(key)),
      key,
    );
    expect(answered).toMatchObject(stays);
    expect(await getPost(ctx, key)).toMatchObject(stays);
  });

  it('is answered as made also when the change itself has raised the revision that the caller named', async () => {
    const key = await newPost();
    const on = losing(changesPost, () => Promise.resolve());
    const answered = await schedulePost(on, { ...key, scheduledAt: first, expectedRevision: 1 });
    expect(answered).toMatchObject({ status: 'scheduled', revision: 2 });
  });

  it('is refused when it was not made, and somebody else has changed the post', async () => {
    const key = await newPost();
    let armed = true;
    const db: Database = {
      ...ctx.db,
      async query(sql, params) {
        if (armed && changesPost(sql)) {
          armed = false;
          await schedulePost(ctx, { ...key, scheduledAt: second });
          throw lost();
        }
        return ctx.db.query(sql, params);
      },
    };
    const own = schedulePost({ ...ctx, db }, { ...key, scheduledAt: first, expectedRevision: 1 });
    await expect(own).rejects.toMatchObject({ code: 'revision_mismatch' });
    expect(await getPost(ctx, key)).toMatchObject({ scheduledAt: new Date(second), revision: 2 });
  });

  it('ends with the database’s error when nobody can tell any more whether it was made', async () => {
    const key = await newPost();
    const on = losing(changesPost, async () => {
      for (let hour = 2; hour < 14; hour += 1)
        await schedulePost(ctx, { ...key, scheduledAt: inHours(hour) });
    });
    const own = schedulePost(on, { ...key, scheduledAt: first, expectedRevision: 1 });
    await expect(own).rejects.toThrow('Connection terminated');
  });

  it('is answered as made when it was a deletion', async () => {
    const key = await newPost();
    await deletePost(
      losing(changesPost, () => Promise.resolve()),
      key,
    );
    await expect(getPost(ctx, key)).rejects.toMatchObject({ code: 'post_not_found' });
  });
});

describe('a connection whose answer was lost', () => {
  it('leaves an account disconnected that a person has disconnected meanwhile', async () => {
    const channelId = app.channelOn('mastodon');
    const key = { organizationId: app.organizationId, channelId };
    await disconnectChannel(ctx, key);
    const on = losing(
      (sql) => sql.includes('credentials_version = credentials_version + 1'),
      () => disconnectChannel(ctx, key),
    );
    const connected = connectSandboxChannel(on, {
      organizationId: app.organizationId,
      platform: 'mastodon',
      handle: 'demo',
    });
    await expect(connected).rejects.toThrow('Connection terminated');
    const [row] = await ctx.db.query('SELECT status FROM channel WHERE id = $1', [channelId]);
    expect(row).toEqual({ status: 'disabled' });
  });
});

describe('an alt text whose answer was lost', () => {
  it('does not overwrite what somebody else has written meanwhile', async () => {
    const media = (await app.upload('image.jpg', await demoImage())).body as { id: string };
    const key = { organizationId: app.organizationId, mediaId: media.id };
    const on = losing(
      (sql) => sql.includes('SET alt_text'),
      () => updateAltText(ctx, { ...key, altText: 'Theirs' }),
    );
    expect(await updateAltText(on, { ...key, altText: 'Ours' })).toMatchObject({ altText: 'Theirs' });
  });
});

describe('a renewal of credentials whose answer was lost', () => {
  it('gives up only its own lease, and not one that another process has taken since', async () => {
    const [channel] = await ctx.db.query<{ id: string; credentialsVersion: number }>(
      `SELECT id, credentials_version AS "credentialsVersion" FROM channel WHERE id = $1`,
      [app.channelOn('x')],
    );
    const own = await takeRefresh(ctx.db, { ...channel!, forMs: 60_000, againAfterMs: 1 });
    await leaveRefresh(ctx.db, { ...channel!, until: own! });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await takeRefresh(ctx.db, { ...channel!, forMs: 60_000, againAfterMs: 1 })).toBeDefined();
    await leaveRefresh(ctx.db, { ...channel!, until: own! });
    expect(await takeRefresh(ctx.db, { ...channel!, forMs: 60_000, againAfterMs: 1 })).toBeUndefined();
  });
});

describe('a disconnection whose answer was lost', () => {
  it('leaves an account connected that was connected again meanwhile', async () => {
    const channelId = app.channelOn('bluesky');
    const on = losing(
      (sql) => sql.includes(`SET status = 'disabled'`),
      async () => {
        const again = await app.request('POST', '/channels', { platform: 'bluesky', handle: 'demo' });
        expect([again.status, again.body.id]).toEqual([201, channelId]);
      },
    );
    await disconnectChannel(on, { organizationId: app.organizationId, channelId });
    const [row] = await ctx.db.query('SELECT status FROM channel WHERE id = $1', [channelId]);
    expect(row).toEqual({ status: 'active' });
  });
});
