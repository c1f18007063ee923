import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithFfmpeg, ffmpeg, H264, HEVC, makeFilm } from '../../../test/support/ffmpeg.ts';
import { moving, plain, writeFilm } from '../../../test/support/media.ts';

// Files from phones, from the upload to the public post, with and without ffmpeg.

// Long, because videos are encoded.
jest.setTimeout(240_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'solospark-phone-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function upload(api: TestApp, name: string, bytes: Uint8Array) {
  const media = await api.upload(name, bytes, { altText: 'Grey' });
  expect([media.status, media.body.detail]).toEqual([201, undefined]);
  return media.body;
}

/** Creates a draft with the file, and returns the objections of each platform. */
async function draft(api: TestApp, mediaId: string, platforms: string[]) {
  const text = `phone ${mediaId}`;
  const post = (await api.request('POST', '/posts', { text, mediaIds: [mediaId], platforms })).body;
  const scheduled = await api.request('PUT', `/posts/${post.id}/schedule`, {
    scheduledAt: secondsAhead(3_600),
  });
  const refused = ((scheduled.body.errors ?? []) as { detail: string }[]).map(({ detail }) => detail);
  return { post, text, refused, scheduled };
}

/** Publishes the file on these platforms, and returns how many files are public on each. */
async function publish(api: TestApp, mediaId: string, platforms: string[]) {
  const { post, text, refused } = await draft(api, mediaId, platforms);
  expect(refused).toEqual([]);
  expect((await api.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  const ended = await eventually(
    async () => (await api.request('GET', `/posts/${post.id}`)).body,
    ({ status }) => status !== 'publishing',
    'it has ended',
    120_000,
  );
  expect(ended.deliveries.map(({ failure }: { failure: unknown }) => failure)).toEqual(
    platforms.map(() => null),
  );
  for (const platform of platforms) {
    const shown = (await api.publicPosts(platform)).filter((each) => each.text === text);
    expect([platform, shown.map(({ mediaCount }) => mediaCount)]).toEqual([platform, [1]]);
  }
}

const phoneMov = async (picture: 'avc' | 'hevc') => {
  const path = join(directory, `${picture}.mov`);
  await writeFilm(path, { container: 'mov', picture, sound: 'aac', frames: 150, rotation: 90 });
  return readFile(path);
};

describe('without ffmpeg', () => {
  let api: TestApp;
  beforeAll(async () => {
    api = await startTestApp();
    await api.startWorker();
  });
  afterAll(() => api.close());

  it('a HEIC of 3:4 is published everywhere, with its colours converted to sRGB', async () => {
    const heic = await readFile(new URL('../../../test/fixtures/photo.heic', import.meta.url));
    const media = await upload(api, 'IMG_0001.HEIC', heic);
    expect(media).toMatchObject({ kind: 'image', mimeType: 'image/jpeg', width: 144, height: 192 });
    const kept = Buffer.from(await (await fetch(media.url)).arrayBuffer());
    // A wide-gamut red, converted to sRGB. Without its colour profile it would be (234, 51, 35).
    const [red = 0, green = 0, blue = 0] = await sharp(kept)
      .extract({ left: 20, top: 20, width: 1, height: 1 })
      .raw()
      .toBuffer();
    expect(red).toBeGreaterThan(248);
    expect(green).toBeLessThan(12);
    expect(blue).toBeLessThan(16);
    expect(kept.toString('latin1')).not.toContain('Ada');
    await publish(api, media.id, api.ctx.platforms);
  });
  it('an AVIF is converted to a JPEG', async () => {
    const avif = await plain(120, 160, '#336699').flatten().avif().toBuffer();
    expect(await upload(api, 'a.avif', avif)).toMatchObject({
      kind: 'image',
      mimeType: 'image/jpeg',
      width: 120,
    });
  });
  it('a 3:4 photo can be scheduled for Instagram, with a warning that Instagram’s documents disagree about it', async () => {
    const photo = await plain(1_080, 1_440, '#336699').flatten().jpeg().toBuffer();
    const { refused, scheduled } = await draft(api, (await upload(api, 'a.jpg', photo)).id, ['instagram']);
    expect(refused).toEqual([]);
    expect(scheduled.body.warnings).toMatchObject([
      { pointer: '/media/0', code: 'media_ratio_unclear', detail: expect.stringContaining('1080 × 1440') },
    ]);
  });
  it('a refusal names the size of the uploaded file, not that of the rendition', async () => {
    const strip = await plain(20_000, 3, '#ffffff').png().toBuffer();
    const { refused } = await draft(api, (await upload(api, 'a.png', strip)).id, ['instagram']);
    expect(refused).toEqual([expect.stringContaining('this one is 20000 × 3.')]);
  });
  it('a MOV with H.264 is published everywhere, remuxed to MP4 where no MOV is taken', async () => {
    const media = await upload(api, 'IMG_0002.MOV', await phoneMov('avc'));
    expect(media).toMatchObject({
      mimeType: 'video/quicktime',
      width: 96,
      height: 128,
      details: { chromaSubsampling: '4:2:0', bitDepth: 8, audioChannels: 2, audioSampleRate: 44_100 },
    });
    await publish(api, media.id, api.ctx.platforms);
  });
  it('a MOV with HEVC is published where HEVC is taken, and the others say what is missing and what to do', async () => {
    const { id, details } = await upload(api, 'IMG_0003.MOV', await phoneMov('hevc'));
    expect(details.notConverted).toBe('no_ffmpeg');
    const { refused } = await draft(api, id, api.ctx.platforms);
    expect(refused.map((detail) => detail.split(':')[0]).sort()).toEqual(['Bluesky', 'LinkedIn', 'X']);
    for (const detail of refused)
      expect(detail).toMatch(/no ffmpeg.*upload an MP4 with H\.264.*install ffmpeg/);
    await publish(api, id, ['instagram', 'mastodon']);
  });
  it('a MOV is remuxed to MP4, with a warning, where only its encoding is in doubt', async () => {
    if (!ffmpeg) return;
    const path = join(directory, 'doubtful.mov');
    await makeFilm([...H264, '-pix_fmt', 'yuv444p', '-c:a', 'aac', path]);
    const { id } = await upload(api, 'IMG_0005.MOV', await readFile(path));
    const { refused, scheduled } = await draft(api, id, ['linkedin', 'bluesky']);
    expect(refused).toEqual([]);
    expect(scheduled.body.warnings).toHaveLength(2);
    await publish(api, id, ['linkedin', 'bluesky']);
  });
  it('a GIF without animation is published everywhere', async () => {
    const gif = await plain(96, 96, '#336699').gif().toBuffer();
    await publish(api, (await upload(api, 'a.gif', gif)).id, api.ctx.platforms);
  });
  it('an animated GIF is refused where it would have to become a video, and the reason says so', async () => {
    const { refused } = await draft(api, (await upload(api, 'a.gif', await moving('gif'))).id, ['bluesky']);
    expect(refused).toEqual([expect.stringMatching(/no GIFs to Bluesky.*no ffmpeg/)]);
  });
});

describeWithFfmpeg('with ffmpeg', () => {
  let api: TestApp;
  beforeAll(async () => {
    if (!ffmpeg) throw new Error('there is no ffmpeg on the PATH: .ci/run installs it');
    api = await startTestApp({ ffmpeg });
    await api.startWorker();
  });
  afterAll(() => api.close());

  it('a MOV with HEVC is published everywhere, with a warning for 1080p on X', async () => {
    const path = join(directory, 'hevc-1080.mov');
    await makeFilm([...HEVC, '-c:a', 'aac', path], '1920x1080');
    const media = await upload(api, 'IMG_0004.MOV', await readFile(path));
    expect(media).toMatchObject({ mimeType: 'video/quicktime', videoCodec: 'hevc', width: 1_920 });
    expect(media.details.notConverted).toBeUndefined();
    const { post } = await draft(api, media.id, ['x']);
    expect(post.warnings).toMatchObject([{ pointer: '/media/0', code: 'media_sides_unclear' }]);
    await publish(api, media.id, api.ctx.platforms);
  });
  it('an animated GIF is published everywhere, as a video where no GIF is taken', async () => {
    const media = await upload(api, 'a.gif', await moving('gif'));
    expect(media).toMatchObject({ kind: 'gif', details: { frameCount: 3 } });
    await publish(api, media.id, api.ctx.platforms);
  });
});
