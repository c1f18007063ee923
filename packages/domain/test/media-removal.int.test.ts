import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { addMedia, removeMedia, sweepFiles, type Context } from '../src/index.ts';

// A file that a post needs is not removed, and a file that nobody needs does not stay. PostgreSQL decides between concurrent
// connections.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const upload = async () => (await app.upload('a.jpg', await demoImage())).body as { id: string };
const filesOf = async (id: string) =>
  (await readdir(app.mediaDirectory, { recursive: true })).filter((name) => name.includes(id));
const orphans = () => app.ctx.db.query<{ key: string }>('SELECT key FROM stray_file');
const addDemo = async (ctx: Context) => {
  const staged = await ctx.staging.open();
  try {
    const file = await staged.receive(Readable.from([Buffer.from(await demoImage())]));
    const { organizationId } = app;
    return await addMedia(ctx, { organizationId, upload: staged, file, name: 'a', altText: null });
  } finally {
    await staged.discard();
  }
};

describe('removing a file while a post with it is being written', () => {
  it('waits for the post if that came first, and is refused', async () => {
    const { id } = await upload();
    const post = (await app.request('POST', '/posts', { text: 'first' })).body;
    let removal: Promise<unknown> | undefined;
    let settled = false;
    await app.ctx.db.transaction(async (tx) => {
      await tx.query(`INSERT INTO post_media (post_id, media_id, position) VALUES ($1, $2, 0)`, [
        post.id,
        id,
      ]);
      removal = removeMedia(app.ctx, { organizationId: app.organizationId, mediaId: id }).catch(
        (error: unknown) => error,
      );
      void removal.then(() => (settled = true));
      await sleep(300);
      expect(settled).toBe(false);
    });
    expect(await removal).toMatchObject({ code: 'media_in_use' });
    expect(await filesOf(id)).not.toEqual([]);
  });

  it('makes the post wait if the removal came first, and the post is refused: there is no such file', async () => {
    const { id } = await upload();
    const draft = (await app.request('POST', '/posts', { text: 'second' })).body;
    let answers: Promise<{ status: number; body: { errors: unknown } }[]> | undefined;
    await app.ctx.db.transaction(async (tx) => {
      // What the removal does before its commit.
      await tx.query('SELECT FROM media WHERE id = $1 FOR UPDATE', [id]);
      await tx.query('DELETE FROM media WHERE id = $1', [id]);
      answers = Promise.all([
        app.request('POST', '/posts', { text: 'written with it', mediaIds: [id] }),
        app.request('PATCH', `/posts/${draft.id}`, { mediaIds: [id] }),
      ]);
      await sleep(300);
    });
    for (const { status, body } of (await answers) ?? []) {
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ pointer: '/mediaIds/0', code: 'unknown_media' }]);
    }
  });

  it('refuses one of the two when both come at the same moment', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 15; round += 1) {
      const { id } = await upload();
      const [removed, written] = await Promise.all([
        app.request('DELETE', `/media/${id}`),
        app.request('POST', '/posts', { text: `round ${round}`, mediaIds: [id] }),
      ]);
      outcomes.add(`${removed.status} ${written.status}`);
      if (written.status === 201) {
        expect((await app.request('GET', `/posts/${written.body.id}`)).body.media).toMatchObject([{ id }]);
        expect(await filesOf(id)).not.toEqual([]);
      }
    }
    expect([...outcomes].filter((outcome) => !['204 422', '409 201'].includes(outcome))).toEqual([]);
  });
});

describe('an alt text that changes while it is needed', () => {
  const tooLong = 'a'.repeat(1_001);
  const draftWith = async (mediaIds: string[]) =>
    (await app.request('POST', '/posts', { text: `Alt ${Math.random()}`, mediaIds, platforms: ['x'] })).body;
  const schedule = (id: string) =>
    app.request('PUT', `/posts/${id}/schedule`, {
      scheduledAt: new Date(Date.now() + 3_600_000).toISOString(),
    });

  it('is checked as it goes out when its post is being scheduled', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { id } = await upload();
      const post = await draftWith([id]);
      const [changed, scheduled] = await Promise.all([
        app.request('PATCH', `/media/${id}`, { altText: tooLong }),
        schedule(post.id),
      ]);
      // X takes 1,000 characters.
      expect(['200 422', '409 200']).toContain(`${changed.status} ${scheduled.status}`);
    }
  });
  it('is checked as it goes out when its file is being added to a scheduled post', async () => {
    const { id } = await upload();
    const post = await draftWith([]);
    await schedule(post.id);
    let edited: Promise<{ status: number }> | undefined;
    await app.ctx.db.transaction(async (tx) => {
      await tx.query('SELECT FROM media WHERE id = $1 FOR UPDATE', [id]);
      await tx.query('UPDATE media SET alt_text = $2 WHERE id = $1', [id, tooLong]);
      edited = Promise.resolve(app.request('PATCH', `/posts/${post.id}`, { mediaIds: [id] }));
      await sleep(300);
    });
    expect((await edited)?.status).toBe(422);
    expect((await app.request('GET', `/posts/${post.id}`)).body.media).toEqual([]);
  });
});

describe('an orphaned file', () => {
  it('of an upload that died between the store and the row is swept, but not at once', async () => {
    const dying: Context = {
      ...app.ctx,
      files: {
        ...app.ctx.files,
        async put(key, path) {
          await app.ctx.files.put(key, path);
          throw new Error('the process died here');
        },
      },
    };
    await expect(addDemo(dying)).rejects.toThrow('died here');
    const [orphan] = await orphans();
    const key = orphan?.key ?? '';
    expect(await app.ctx.files.read(key)).toBeDefined();
    await sweepFiles(app.ctx, { olderThanMs: 60_000 });
    expect(await app.ctx.files.read(key)).toBeDefined();
    await sweepFiles(app.ctx, { olderThanMs: 0 });
    await expect(app.ctx.files.read(key)).rejects.toThrow('missing from the store');
    expect(await orphans()).toEqual([]);
  });

  it('of an upload that was swept as abandoned gets no row, and is removed by the next sweep', async () => {
    const slow: Context = {
      ...app.ctx,
      files: {
        ...app.ctx.files,
        async put(key, path) {
          await app.ctx.files.put(key, path);
          // Staging is not swept: this upload's own files are there.
          const staging = { ...app.ctx.staging, sweep: () => Promise.resolve() };
          await sweepFiles({ ...app.ctx, staging }, { olderThanMs: 0 });
        },
      },
    };
    const before = await app.ctx.db.query('SELECT id FROM media');
    const files = await filesOf('-');
    await expect(addDemo(slow)).rejects.toThrow('swept away');
    expect(await app.ctx.db.query('SELECT id FROM media')).toHaveLength(before.length);
    // One file was stored after its key had been swept.
    expect((await filesOf('-')).length).toBeGreaterThan(files.length);
    await sweepFiles(app.ctx, { olderThanMs: 0 });
    expect(await filesOf('-')).toEqual(files);
  });

  it('of media that was deleted while the store was away is removed by the next sweep', async () => {
    const media = await addDemo(app.ctx);
    const away: Context = {
      ...app.ctx,
      files: { ...app.ctx.files, remove: () => Promise.reject(new Error('the store is away')) },
    };
    await removeMedia(away, { organizationId: app.organizationId, mediaId: media.id });
    expect(await filesOf(media.id)).not.toEqual([]);
    await sweepFiles(app.ctx, { olderThanMs: 60_000 });
    expect(await filesOf(media.id)).toEqual([]);
    expect(await orphans()).toEqual([]);
  });
});
