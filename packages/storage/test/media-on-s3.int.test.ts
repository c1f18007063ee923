import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { writeFilm } from '../../../test/support/media.ts';
import { FileMissingError } from '../src/file-store.ts';
import { openS3Server, type S3Server } from './s3-server.ts';

// Upload, publishing and download with S3: API and worker share no disk.

let app: TestApp;
let s3: S3Server;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-on-s3-'));
  app = await startTestApp();
  s3 = await openS3Server(folder);
  app.ctx.files = s3.openStore();
});
afterAll(async () => {
  await app.close();
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

it('with S3, an image is published and a video is served in ranges', async () => {
  const worker = await app.startWorker();
  const image = (await app.upload('a.jpg', await demoImage())).body;
  const content = { text: 'On S3', mediaIds: [image.id], platforms: ['x', 'instagram'] };
  const post = (await app.request('POST', '/posts', content)).body;
  await app.request('POST', `/posts/${post.id}/publish`);
  await eventually(
    async () => (await app.request('GET', `/posts/${post.id}`)).body.status as string,
    (status) => status === 'published',
    'the image is published',
  );
  await worker.stop({ timeoutMs: 10_000 });

  const path = join(folder, 'film.mp4');
  await writeFilm(path, { sound: 'aac' });
  const bytes = await readFile(path);
  const film = (await app.upload('film.mp4', bytes)).body;
  const part = await fetch(film.url, { headers: { range: 'bytes=100-299' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 300))).toBe(true);
  const whole = await fetch(film.url);
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  expect(await readdir(app.mediaDirectory)).toEqual(['.staging']);
  expect(await readdir(join(app.mediaDirectory, '.staging'))).toEqual([]);
});

it('with S3, a deleted file is removed from the bucket', async () => {
  const { id } = (await app.upload('a.jpg', await demoImage())).body;
  const key = `${app.organizationId}/${id}`;
  expect((await app.ctx.files.read(key)).byteLength).toBeGreaterThan(1_000);
  expect((await app.request('DELETE', `/media/${id}`)).status).toBe(204);
  await expect(app.ctx.files.read(key)).rejects.toBeInstanceOf(FileMissingError);
});
