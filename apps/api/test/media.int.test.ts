import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sweepFiles } from '@solospark/domain';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { pdf, pdfBomb } from '../../../test/support/documents.ts';
import {
  decompressionBomb,
  moving,
  noise,
  photoOnItsSide,
  plain,
  writeFilm,
  type FilmOptions,
} from '../../../test/support/media.ts';

let api: TestApp;
let folder: string;
beforeAll(async () => {
  api = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'solospark-uploads-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const film = async (options: FilmOptions = {}) => {
  const path = join(folder, 'film');
  await writeFilm(path, options);
  return readFile(path);
};
const half = (bytes: Buffer) => bytes.subarray(0, Math.round(bytes.length / 2));
const jpeg = () => noise(200, 150).jpeg().toBuffer();
const png = () => noise(200, 150).png().toBuffer();
const filesOf = async () =>
  (await readdir(api.mediaDirectory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
const imageAt = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

// docs/api.md shows this table.
describe('POST /media refuses', () => {
  it.each<[string, string, () => Buffer | Promise<Buffer>, number, string, string]>([
    ['an empty file', 'a.jpg', () => Buffer.alloc(0), 422, 'invalid_media', 'empty'],
    ['text', 'a.jpg', () => Buffer.from('not an image'), 415, 'unsupported_media', 'type'],
    ['a page', 'a.png', () => Buffer.from('<html></html>'), 415, 'unsupported_media', 'type'],
    [
      'an SVG',
      'a.png',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      415,
      'unsupported_media',
      'type',
    ],
    ['a TIFF', 'a.jpg', () => plain(9, 9, 'red').tiff().toBuffer(), 415, 'unsupported_media', 'type'],
    ['half a JPEG', 'a.jpg', async () => half(await jpeg()), 422, 'invalid_media', 'damaged'],
    ['half a PNG', 'a.png', async () => half(await png()), 422, 'invalid_media', 'damaged'],
    ['half a GIF', 'a.gif', async () => half(await moving('gif')), 422, 'invalid_media', 'damaged'],
    ['a head of a PNG', 'a.png', async () => (await png()).subarray(0, 40), 422, 'invalid_media', 'damaged'],
    ['a bomb of 81 million pixels', 'a.png', () => decompressionBomb(9_000), 422, 'invalid_media', 'pixels'],
    [
      'an image over 50 MB',
      'a.jpg',
      async () => Buffer.concat([await jpeg()], 50_000_001),
      413,
      'media_too_large',
      'size',
    ],
    ['half a video', 'a.mp4', async () => half(await film()), 422, 'invalid_media', 'damaged'],
    ['a video in VP9', 'a.mp4', () => film({ picture: 'vp9' }), 415, 'unsupported_media', 'codec'],
    ['a video with Opus', 'a.mp4', () => film({ sound: 'opus' }), 415, 'unsupported_media', 'codec'],
    [
      'sound alone',
      'a.mp4',
      () => film({ picture: null, sound: 'aac' }),
      415,
      'unsupported_media',
      'picture',
    ],
    ['half a PDF', 'a.pdf', () => half(pdf({ pages: 3 })), 422, 'invalid_media', 'damaged'],
    ['a head of a PDF', 'a.pdf', () => Buffer.from('%PDF-1.7\n'), 422, 'invalid_media', 'damaged'],
    [
      'a PDF with a password',
      'a.pdf',
      () => pdf({ encrypted: 'password' }),
      415,
      'unsupported_media',
      'encrypted',
    ],
    [
      'a PDF not to be printed',
      'a.pdf',
      () => pdf({ encrypted: 'restrictions' }),
      415,
      'unsupported_media',
      'encrypted',
    ],
    ['a PDF without a page', 'a.pdf', () => pdf({ pages: 0 }), 422, 'invalid_media', 'pages'],
    ['a PDF of 1001 pages', 'a.pdf', () => pdf({ pages: 1_001 }), 422, 'invalid_media', 'pages'],
    ['a PDF that is a bomb', 'a.pdf', () => pdfBomb(100_000_000), 422, 'invalid_media', 'complexity'],
    ['a PDF over 100 MB', 'a.pdf', () => pdf({ fillerBytes: 100_000_000 }), 413, 'media_too_large', 'size'],
  ])('%s called %s', async (_what, name, make, status, code, rule) => {
    const answer = await api.upload(name, await make());
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.errors).toMatchObject([{ pointer: '/file', code: rule }]);
    // No row and no file is left behind.
    expect(await api.ctx.db.query('SELECT id FROM media')).toEqual([]);
    expect(await filesOf()).toEqual([]);
  });
  it('a file with a sentence that says what it is, its name, and what to upload instead', async () => {
    const answer = await api.upload('cat.jpg', await plain(9, 9, 'red').tiff().toBuffer());
    expect(answer.body.detail).toBe(
      'The file is image/tiff by its content, though it is called "cat.jpg". ' +
        'Upload a JPEG, PNG, WebP, HEIC, AVIF or GIF image, an MP4, M4V or MOV video, or a PDF.',
    );
    const opus = await api.upload('a.mp4', await film({ sound: 'opus' }));
    expect(opus.body.detail).toContain('has its sound encoded as OPUS');
  });
});

describe('POST /media', () => {
  it('201 rotates a photo upright, and strips its place and author', async () => {
    const answer = await api.upload('photo.jpg', await photoOnItsSide(), { altText: 'Red above blue' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      kind: 'image',
      mimeType: 'image/jpeg',
      width: 20,
      height: 40,
      altText: 'Red above blue',
      durationMs: null,
    });
    const served = await imageAt(answer.body.url);
    const top = await sharp(served).extract({ left: 9, top: 3, width: 1, height: 1 }).raw().toBuffer();
    expect(top[0]).toBeGreaterThan(200);
    expect(served.toString('latin1')).not.toMatch(/Exif|Ada/);
    const thumbnail = await sharp(await imageAt(answer.body.thumbnailUrl)).metadata();
    expect([thumbnail.format, thumbnail.width, thumbnail.height]).toEqual(['jpeg', 20, 40]);
  });
  it('201 takes a GIF and keeps its animation', async () => {
    const gif = await moving('gif');
    const answer = await api.upload('a.gif', gif);
    expect(answer.body).toMatchObject({ kind: 'gif', mimeType: 'image/gif', width: 64, height: 48 });
    expect((await imageAt(answer.body.url)).equals(gif)).toBe(true);
  });
  it('201 takes a video, answers its properties, and serves it whole or in ranges', async () => {
    const bytes = await film({ sound: 'aac', frames: 45 });
    const answer = await api.upload('film', bytes);
    expect(answer.body).toMatchObject({
      kind: 'video',
      mimeType: 'video/mp4',
      byteSize: bytes.length,
      width: 128,
      height: 96,
      durationMs: 1_500,
      frameRate: 30,
      videoCodec: 'h264',
      audioCodec: 'aac',
      thumbnailUrl: null,
    });
    const { url } = answer.body;
    const ask = (range: string, method = 'GET') => fetch(url, { method, headers: { range } });
    const whole = await fetch(url);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    for (const [range, start, end] of [
      ['bytes=0-99', 0, 99],
      ['bytes=1000-', 1_000, bytes.length - 1],
      ['bytes=-10', bytes.length - 10, bytes.length - 1],
      [`bytes=5-${bytes.length + 10}`, 5, bytes.length - 1],
    ] as const) {
      const part = await ask(range);
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end}/${bytes.length}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
    }
    const behind = await ask(`bytes=${bytes.length}-`);
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
    expect(await behind.json()).toMatchObject({ code: 'range_not_satisfiable' });
    expect((await ask('bytes=0-1,4-5')).status).toBe(200);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  });
});

describe('POST /media of a PDF', () => {
  it('201 counts its pages, stores it unchanged, serves it whole or in ranges, and DELETE removes it', async () => {
    const bytes = pdf({ pages: 12 });
    const answer = await api.upload('slides', bytes);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      kind: 'document',
      mimeType: 'application/pdf',
      byteSize: bytes.length,
      width: 300,
      height: 200,
      durationMs: null,
      pageCount: 12,
      thumbnailUrl: null,
    });
    const { id, url } = answer.body;
    expect((await api.request('GET', `/media/${id}`)).body.pageCount).toBe(12);
    const whole = await fetch(url);
    expect(whole.headers.get('content-type')).toBe('application/pdf');
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await fetch(url, { headers: { range: 'bytes=100-' } });
    expect([part.status, part.headers.get('content-length')]).toEqual([206, String(bytes.length - 100)]);
    expect((await filesOf()).filter((name) => name.startsWith(id))).toEqual([id]);
    expect((await api.request('DELETE', `/media/${id}`)).status).toBe(204);
    expect((await filesOf()).filter((name) => name.startsWith(id))).toEqual([]);
  });
  it('422 names each platform that takes no documents when a post with one is scheduled', async () => {
    const media = (await api.upload('slides.pdf', pdf())).body;
    const others = api.ctx.platforms.filter((id) => !api.ctx.findPublisher(id)?.limits.media.document);
    const content = { text: 'Slides', mediaIds: [media.id], platforms: others };
    const post = (await api.request('POST', '/posts', content)).body;
    expect(post.media).toMatchObject([{ kind: 'document', pageCount: 1 }]);
    const call = { scheduledAt: secondsAhead(3_600) };
    const answer = await api.request('PUT', `/posts/${post.id}/schedule`, call);
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_post']);
    expect(others.length).toBeGreaterThan(0);
    expect(answer.body.errors).toHaveLength(others.length);
    for (const error of answer.body.errors) {
      expect(error).toMatchObject({ pointer: '/media/0', code: 'media_type_unsupported' });
      expect(error.detail).toContain('posts no documents to');
    }
  });
});

describe('renditions', () => {
  it('let a transparent PNG be scheduled where only JPEG is taken, and the JPEG is published', async () => {
    const worker = await api.startWorker();
    const image = await plain(400, 400, '#ff000000').png().toBuffer();
    const media = (await api.upload('a.png', image)).body;
    expect(media.mimeType).toBe('image/png');
    const post = (
      await api.request('POST', '/posts', { text: 'Flat', mediaIds: [media.id], platforms: ['instagram'] })
    ).body;
    expect((await api.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
    await eventually(
      async () => (await api.request('GET', `/posts/${post.id}`)).body,
      ({ status }) => status === 'published',
      'the PNG is published',
    );
    await worker.stop({ timeoutMs: 10_000 });
    const path = join(api.mediaDirectory, api.organizationId);
    const [name] = (await readdir(path)).filter((each) => each.startsWith(`${media.id}-jpeg-1440x`));
    const pixel = sharp(join(path, name ?? '')).extract({ left: 9, top: 9, width: 1, height: 1 });
    expect([...(await pixel.raw().toBuffer())].every((part) => part > 250)).toBe(true);
  });
  it('let a 12 MB image be scheduled everywhere, and are made at the upload', async () => {
    const image = await noise(2_000, 2_000).png().toBuffer();
    expect(image.length).toBeGreaterThan(11_000_000);
    const media = (await api.upload('large.png', image)).body;
    const made = (await readdir(join(api.mediaDirectory, api.organizationId))).filter((name) =>
      name.startsWith(media.id),
    );
    expect(made).toHaveLength(5);
    const content = { text: 'Large', mediaIds: [media.id], platforms: api.ctx.platforms };
    const post = (await api.request('POST', '/posts', content)).body;
    const call = { scheduledAt: secondsAhead(3_600) };
    expect((await api.request('PUT', `/posts/${post.id}/schedule`, call)).status).toBe(200);
  });
});

describe('GET and DELETE /media/:mediaId', () => {
  const upload = async () => (await api.upload('a.png', await png())).body;
  const postWith = async (mediaId: string) =>
    (await api.request('POST', '/posts', { text: 'a', mediaIds: [mediaId], platforms: ['x'] })).body;

  it('200 GET answers the same as the upload did', async () => {
    const media = await upload();
    const answer = await api.request('GET', `/media/${media.id}`);
    expect(answer.status).toBe(200);
    // The links have new signatures.
    const { url, thumbnailUrl } = answer.body;
    expect(answer.body).toEqual({ ...media, url, thumbnailUrl });
    expect((await fetch(answer.body.thumbnailUrl)).status).toBe(200);
  });
  it('204 removes a file that no post needs, with its renditions and links; 404 afterwards', async () => {
    const media = await upload();
    expect((await filesOf()).filter((name) => name.startsWith(media.id))).not.toEqual([]);
    expect((await api.request('DELETE', `/media/${media.id}`)).status).toBe(204);
    expect((await filesOf()).filter((name) => name.startsWith(media.id))).toEqual([]);
    expect((await fetch(media.url)).status).toBe(404);
    for (const method of ['GET', 'DELETE']) {
      const answer = await api.request(method, `/media/${media.id}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'media_not_found']);
    }
    expect(await api.ctx.db.query('SELECT key FROM stray_file')).toEqual([]);
  });
  it('409 while a draft, scheduled or publishing post needs it; 204 when the post is deleted', async () => {
    const media = await upload();
    const post = await postWith(media.id);
    const refused = async () => {
      const answer = await api.request('DELETE', `/media/${media.id}`);
      expect([answer.status, answer.body.code]).toEqual([409, 'media_in_use']);
      expect((await fetch(media.url)).status).toBe(200);
    };
    await refused();
    await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(3_600) });
    await refused();
    for (const status of ['publishing', 'partially_published', 'failed']) {
      await api.ctx.db.query('UPDATE post SET status = $2::post_status WHERE id = $1', [post.id, status]);
      await refused();
    }
    await api.ctx.db.query(`UPDATE post SET status = 'draft' WHERE id = $1`, [post.id]);
    expect((await api.request('DELETE', `/posts/${post.id}`)).status).toBe(204);
    expect((await api.request('DELETE', `/media/${media.id}`)).status).toBe(204);
  });
  it('204 when its only post is published; the post stays, without the file', async () => {
    const media = await upload();
    const post = await postWith(media.id);
    await api.ctx.db.query(`UPDATE post SET status = 'published' WHERE id = $1`, [post.id]);
    expect((await api.request('DELETE', `/media/${media.id}`)).status).toBe(204);
    expect((await api.request('GET', `/posts/${post.id}`)).body.media).toEqual([]);
  });
  it('404 for media of another organization', async () => {
    const media = await upload();
    await api.ctx.db.query(`INSERT INTO organization (id, name, slug) VALUES ('other', 'Other', 'other')`);
    await api.ctx.db.query(`UPDATE media SET organization_id = 'other' WHERE id = $1`, [media.id]);
    for (const method of ['GET', 'DELETE']) {
      expect((await api.request(method, `/media/${media.id}`)).status).toBe(404);
    }
    expect((await api.request('PATCH', `/media/${media.id}`, { altText: 'mine' })).status).toBe(404);
  });
  it('200 PATCH changes the alt text while only drafts use the file, and raises their revisions', async () => {
    const media = await upload();
    const post = await postWith(media.id);
    const change = { altText: 'Noise' };
    const answer = await api.request('PATCH', `/media/${media.id}`, change);
    expect([answer.status, answer.body.altText]).toEqual([200, 'Noise']);
    const after = (await api.request('GET', `/posts/${post.id}`)).body;
    expect([after.media[0].altText, after.revision]).toEqual(['Noise', post.revision + 1]);
    // The same alt text again changes nothing.
    await api.request('PATCH', `/media/${media.id}`, change);
    expect((await api.request('GET', `/posts/${post.id}`)).body.revision).toBe(post.revision + 1);
    expect((await api.request('PATCH', `/media/${media.id}`, { altText: null })).body.altText).toBeNull();
  });
  it('409 PATCH refuses another alt text for a scheduled file; 400 an alt text that cannot be stored', async () => {
    const media = await upload();
    const post = await postWith(media.id);
    for (const altText of ['a\0b', 'a'.repeat(5_001)]) {
      const answer = await api.request('PATCH', `/media/${media.id}`, { altText });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/altText']);
    }
    await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(3_600) });
    const answer = await api.request('PATCH', `/media/${media.id}`, { altText: 'late' });
    expect([answer.status, answer.body.code]).toEqual([409, 'media_in_use']);
    expect((await api.request('GET', `/media/${media.id}`)).body.altText).toBeNull();
  });
  it('leaves no orphaned file for the sweeper', async () => {
    await sweepFiles(api.ctx, { olderThanMs: 0 });
    const rows = await api.ctx.db.query<{ id: string }>('SELECT id FROM media');
    const known = new Set(rows.map(({ id }) => id));
    for (const name of await filesOf()) expect(known).toContain(name.slice(0, 36));
  });
});
