import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describeWithFfmpeg, ffmpeg as found, H264, HEVC, makeFilm } from '../../../test/support/ffmpeg.ts';
import { plain } from '../../../test/support/media.ts';

import { convertMediaFile, readMediaFile, remuxMediaFile } from '../src/index.ts';

// Films as cameras and encoders make them, made by a real ffmpeg.

const ffmpeg = found ?? '';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-encodings-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let serial = 0;
const newPath = (ending: string) => join(folder, `film-${(serial += 1)}.${ending}`);
async function film(output: string[], ending = 'mp4', size?: string): Promise<string> {
  const path = newPath(ending);
  await makeFilm([...output, path], size);
  return path;
}
const read = async (path: string, converter?: { ffmpeg: string; deadline: number }) =>
  readMediaFile({ path, byteSize: (await stat(path)).size, name: 'a' }, newPath('kept'), 'client', converter);
const converter = (ms = 200_000) => ({ ffmpeg, deadline: performance.now() + ms });
const convert = (path: string, make: 'film' | 'sound' | 'loop', over: object = {}) => {
  const container = make === 'loop' ? 'gif' : 'mov';
  const source = { path, container, make, durationMs: 4_000 };
  return convertMediaFile({ ...source, ...over }, newPath('mp4'), {
    ...converter(),
    client: 'client',
    maxBytes: 50_000_000,
  });
};
/** A hash of all decoded frames: films with the same hash show the same. */
async function pictureHash(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(ffmpeg, [
    ...['-v', 'error', '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'md5', '-'],
  ]);
  return stdout.trim();
}

/** The command lines of all processes of this machine. */
async function running(): Promise<string> {
  return (await promisify(execFile)('ps', ['-eo', 'args'])).stdout;
}
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}

const AAC = ['-c:a', 'aac'];

// Generous: the machine may be encoding other films.
jest.setTimeout(240_000);

describeWithFfmpeg('the facts of an uploaded film show', () => {
  it.each([
    ['4:4:4', [...H264, '-pix_fmt', 'yuv444p', ...AAC], { chromaSubsampling: '4:4:4' }],
    [
      '4:2:2 of 10 bits',
      [...H264, '-pix_fmt', 'yuv422p10le'],
      { chromaSubsampling: '4:2:2', bitDepth: 10, profile: 'High 4:2:2' },
    ],
    ['10 bits', [...H264, '-pix_fmt', 'yuv420p10le'], { bitDepth: 10, profile: 'High 10' }],
    ['HEVC of 10 bits', [...HEVC, '-pix_fmt', 'yuv420p10le'], { bitDepth: 10, profile: 'Main 10' }],
    ['interlaced frames', [...H264, '-flags', '+ilme+ildct', '-x264opts', 'tff=1'], { scan: 'interlaced' }],
    ['5.1 sound', [...H264, ...AAC, '-af', 'aformat=channel_layouts=5.1', '-ac', '6'], { audioChannels: 6 }],
    ['96 kHz', [...H264, ...AAC, '-ar', '96000'], { audioSampleRate: 96_000 }],
    ['stretched pixels', [...H264, '-aspect', '2:1'], { squarePixels: false }],
    [
      'fragments',
      [...H264, ...AAC, '-movflags', 'frag_keyframe+empty_moov+default_base_moof'],
      { fragmented: true },
    ],
    ['moov at the end', [...H264, ...AAC], { moovFirst: false }],
    [
      'moov in front, and an edit list',
      [...H264, ...AAC, '-movflags', '+faststart'],
      { moovFirst: true, editList: true },
    ],
    [
      'nothing unusual',
      [...H264, '-an', '-movflags', '+faststart'],
      {
        chromaSubsampling: '4:2:0',
        bitDepth: 8,
        scan: 'progressive',
        squarePixels: true,
        editList: false,
        fragmented: false,
      },
    ],
  ])('%s', async (_what, output, details) => {
    expect((await read(await film(output))).video?.details).toMatchObject(details);
  });
});

describeWithFfmpeg('a remuxed copy', () => {
  it.each([
    ['a MOV with frames out of order', [...H264, '-preset', 'medium', '-bf', '3', ...AAC], 'mov'],
    ['a MOV with HEVC', [...HEVC, ...AAC], 'mov'],
    ['a fragmented MP4', [...H264, ...AAC, '-movflags', 'frag_keyframe+empty_moov+default_base_moof'], 'mp4'],
    ['a 3GP', [...H264, ...AAC], '3gp'],
  ])(
    'of %s has the same frames, with moov in front, no fragments and no edit list',
    async (_what, output, ending) => {
      const path = await film(output, ending);
      const { mimeType } = await read(path);
      const target = newPath('mp4');
      const copy = await remuxMediaFile(path, target, mimeType, 'client');
      expect(copy?.video.details).toMatchObject({ moovFirst: true, fragmented: false, editList: false });
      expect(copy).toMatchObject({ mimeType: 'video/mp4', byteSize: (await stat(target)).size });
      expect(await pictureHash(target)).toBe(await pictureHash(path));
    },
  );
});

describeWithFfmpeg('a film is remuxed only if it is unchanged or turned by a multiple of 90 degrees:', () => {
  it.each([
    ['unchanged', [1, 0, 0, 1], true],
    ['an empty matrix, as some encoders write it', [0, 0, 0, 0], true],
    ['turned by 90 degrees', [0, 1, -1, 0], true],
    ['turned by 180 degrees', [-1, 0, 0, -1], true],
    ['mirrored', [-1, 0, 0, 1], false],
    ['mirrored upside down', [1, 0, 0, -1], false],
    ['turned and mirrored', [0, 1, 1, 0], false],
    ['enlarged', [2, 0, 0, 2], false],
    ['skewed', [0.7071, 0.7071, -0.7071, 0.7071], false],
  ])('%s', async (_what, [a = 0, b = 0, c = 0, d = 0], isCopied) => {
    const path = await film([...H264, '-an'], 'mov');
    const bytes = await readFile(path);
    const matrix = bytes.indexOf('tkhd') + 4 + 40;
    [a, b, 0, c, d].forEach((value, index) =>
      bytes.writeInt32BE(Math.round(value * 0x10000), matrix + index * 4),
    );
    await writeFile(path, bytes);
    const copy = await remuxMediaFile(path, newPath('mp4'), 'video/quicktime', 'client');
    expect(copy !== undefined).toBe(isCopied);
  });
});

describeWithFfmpeg('ffmpeg converts', () => {
  it.each([
    ['HEVC of 10 bits', [...HEVC, '-pix_fmt', 'yuv420p10le', ...AAC], 'film', '320x240'],
    ['4:4:4 with odd sides', [...H264, '-pix_fmt', 'yuv444p', ...AAC], 'film', '321x241'],
    [
      '5.1 at 96 kHz',
      [...H264, ...AAC, '-af', 'aformat=channel_layouts=5.1', '-ac', '6', '-ar', '96000'],
      'sound',
      '320x240',
    ],
  ] as const)('%s to a film that every platform takes', async (_what, output, make, size) => {
    const made = await convert(await film([...output], 'mp4', size), make);
    expect(made).toMatchObject({
      mimeType: 'video/mp4',
      video: {
        videoCodec: 'h264',
        audioCodec: 'aac',
        details: {
          chromaSubsampling: '4:2:0',
          bitDepth: 8,
          scan: 'progressive',
          audioChannels: 2,
          audioSampleRate: 48_000,
          audioProfile: 'LC',
          moovFirst: true,
          editList: false,
        },
      },
    });
  });
  it('a short GIF to a film of three seconds', async () => {
    const path = newPath('gif');
    await promisify(execFile)(ffmpeg, [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=10:duration=1', path],
    ]);
    const made = await convert(path, 'loop', { durationMs: 1_000 });
    expect(made).toMatchObject({ video: { videoCodec: 'h264', audioCodec: null } });
    expect('video' in made && made.video.durationMs).toBeGreaterThanOrEqual(2_900);
  });
  it('formats that only it can read to an MP4: WebM, MKV, PCM sound', async () => {
    const webm = ['-c:v', 'libvpx', '-b:v', '200k', '-deadline', 'realtime', '-c:a', 'libopus'];
    for (const [output, ending] of [
      [webm, 'webm'],
      [[...H264, ...AAC], 'mkv'],
      [[...H264, '-c:a', 'pcm_s16le'], 'mov'],
    ] as const) {
      const path = await film([...output], ending);
      const kept = await read(path, converter());
      expect(kept).toMatchObject({ kind: 'video', mimeType: 'video/mp4', video: { videoCodec: 'h264' } });
      expect(kept.path).not.toBe(path);
      await expect(read(path)).rejects.toMatchObject({ message: expect.stringContaining('install ffmpeg') });
    }
  });
  it('a film whose sound begins late to one without an edit list', async () => {
    const path = newPath('mov');
    await promisify(execFile)(ffmpeg, [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=30:duration=4'],
      ...['-itsoffset', '1', '-f', 'lavfi', '-i', 'sine=duration=3', ...H264, ...AAC, path],
    ]);
    const made = await convert(path, 'film');
    expect(made).toMatchObject({ video: { details: { editList: false }, audioCodec: 'aac' } });
  });
  it('animated images to a film of at least three seconds, whatever duration they claim', async () => {
    const moving = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=10:duration=1'];
    const hevc = [...HEVC, '-f', 'mp4'];
    for (const [output, ending] of [
      [['-f', 'apng', '-plays', '0'], 'png'],
      [[...hevc, '-brand', 'hevc'], 'heics'],
      [[...hevc, '-brand', 'msf1'], 'heifs'],
    ] as const) {
      const path = newPath(ending);
      await promisify(execFile)(ffmpeg, ['-v', 'error', ...moving, ...output, path]);
      const kept = await read(path, converter());
      expect([ending, kept.video?.durationMs]).toEqual([ending, expect.any(Number)]);
      expect(kept.video?.durationMs).toBeGreaterThanOrEqual(3_000);
      await expect(read(path)).rejects.toMatchObject({ message: expect.stringContaining('install ffmpeg') });
    }
    const gif = newPath('gif');
    const frames = ['red', 'blue'].map((colour) => plain(100, 80, colour).png().toBuffer());
    const images = sharp(await Promise.all(frames), { join: { animated: true } });
    await writeFile(gif, await images.gif({ delay: 0 }).toBuffer());
    const made = await convert(gif, 'loop', { durationMs: 200 });
    expect('video' in made && made.video.durationMs).toBeGreaterThanOrEqual(3_000);
  });
  it('no file without a picture, which is refused with that reason', async () => {
    const path = newPath('mp4');
    await promisify(execFile)(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=1', ...AAC, path]);
    const message = expect.stringContaining('is a video without a picture');
    for (const each of [undefined, converter()])
      await expect(read(path, each)).rejects.toMatchObject({ message });
  });
  it('nothing after the deadline, and leaves no process', async () => {
    const path = await film([...H264, '-an'], 'mp4', '1280x720');
    const settings = { ...converter(300), client: 'client', maxBytes: 50_000_000 };
    const source = { path, container: 'mov', make: 'film', durationMs: 4_000 } as const;
    const target = newPath('mp4');
    expect(await convertMediaFile(source, target, settings)).toMatchObject({ problem: 'time' });
    expect(await running()).not.toContain(`${target}.encoding`);
  });
  it('nothing for a killed parent: no ffmpeg outlives the process that started it', async () => {
    const path = newPath('mp4');
    await makeFilm([...H264, '-an', path], '1280x720', 30);
    const target = newPath('mp4');
    const source = JSON.stringify({ path, container: 'mov', make: 'film', durationMs: 30_000 });
    const script = `import { convertMediaFile } from '@solospark/media';
      await convertMediaFile(${source}, ${JSON.stringify(target)}, {
        ffmpeg: ${JSON.stringify(ffmpeg)}, client: 'a', maxBytes: 5e8, deadline: performance.now() + 200_000 });`;
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd, stdio: 'ignore' });
    try {
      await until(async () => (await running()).includes(`${target}.encoding`));
    } finally {
      parent.kill('SIGKILL');
    }
    await until(async () => !(await running()).includes(`${target}.encoding`));
  });
  it('no film that would be larger than allowed', async () => {
    const path = await film([...H264, ...AAC]);
    const settings = { ...converter(), client: 'client', maxBytes: 20_000 };
    const source = { path, container: 'mov', make: 'film', durationMs: 4_000 } as const;
    expect(await convertMediaFile(source, newPath('mp4'), settings)).toMatchObject({ problem: 'size' });
  });
  it('no list of other files, whatever it is called', async () => {
    const secret = newPath('txt');
    const list = newPath('mp4');
    await writeFile(secret, 'secret');
    await writeFile(list, `ffconcat version 1.0\nfile ${secret}\n`);
    const made = await convert(list, 'film');
    expect(made).toMatchObject({ problem: 'failed' });
    expect(await readFile(secret, 'utf8')).toBe('secret');
  });
});

it('ffmpeg is installed in CI, so that these tests are not skipped', () => {
  if (process.env['CI'] === 'true') expect(ffmpeg).not.toBe('');
});
