import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { pdf } from '../../../test/support/documents.ts';
import { moving, writeFilm } from '../../../test/support/media.ts';

// From the upload to the public post, through the API, the disk and the worker.

let api: TestApp;
let directory: string;
beforeAll(async () => {
  api = await startTestApp();
  directory = await mkdtemp(join(tmpdir(), 'solospark-films-'));
  await api.startWorker();
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

/** Publishes the file on these platforms, and checks that each shows one post with one file. */
async function publish(text: string, mediaId: string, platforms: string[]): Promise<void> {
  const post = (await api.request('POST', '/posts', { text, mediaIds: [mediaId], platforms })).body;
  const answer = await api.request('POST', `/posts/${post.id}/publish`);
  expect([answer.status, answer.body.errors]).toEqual([202, undefined]);
  const ended = await eventually(
    async () => (await api.request('GET', `/posts/${post.id}`)).body,
    ({ status }) => status !== 'publishing',
    'it has ended',
    120_000,
  );
  expect(
    ended.deliveries.map(({ status, failure }: { status: string; failure: unknown }) => [status, failure]),
  ).toEqual(platforms.map(() => ['published', null]));
  const shown = await Promise.all(
    platforms.map(async (platform) => {
      const posts = (await api.publicPosts(platform)).filter((shown) => shown.text === text);
      return [platform, posts.map(({ mediaCount }) => mediaCount)] as const;
    }),
  );
  expect(shown).toEqual(platforms.map((platform) => [platform, [1]]));
}

it('a video of five seconds is published on every platform, once', async () => {
  const path = join(directory, 'film.mp4');
  await writeFilm(path, { sound: 'aac', frames: 150 });
  const media = await api.upload('film.mp4', await readFile(path), { altText: 'Grey' });
  expect(media.status).toBe(201);
  await publish('Film', media.body.id, api.ctx.platforms);
});

it.each([
  ['a GIF', 'gif', () => moving('gif'), ['linkedin', 'mastodon', 'x']],
  ['an animated WebP', 'gif', () => moving('webp'), ['linkedin', 'mastodon', 'x']],
  ['a PDF', 'document', () => Promise.resolve(pdf()), ['linkedin']],
] as const)('%s is published once on each platform that takes it', async (what, kind, make, expected) => {
  const media = await api.upload(what, await make());
  expect(media.body.kind).toBe(kind);
  const { data } = (await api.request('GET', '/platforms')).body;
  const takers = data
    .filter(({ limits }: { limits: { media: Record<string, unknown> } }) => limits.media[kind])
    .map(({ id }: { id: string }) => id)
    .sort();
  expect(takers).toEqual(expected);
  await publish(what, media.body.id, takers);
});
