import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFilm, type FilmOptions } from '../../../test/support/media.ts';
import { readMediaFile } from '../src/index.ts';
import { isTruncatedMp4 } from '../src/is-truncated-mp4.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-film-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let serial = 0;
const film = async (options: FilmOptions = {}) => {
  const path = join(folder, `film-${(serial += 1)}`);
  await writeFilm(path, options);
  return path;
};
const read = async (path: string) =>
  readMediaFile({ path, byteSize: (await stat(path)).size, name: 'a' }, join(folder, 'unused'), 'client');

describe('a video', () => {
  it.each([
    ['mp4', 'video/mp4'],
    ['mov', 'video/quicktime'],
  ] as const)('in a %s is read without being changed', async (container, mimeType) => {
    const path = await film({ container, sound: 'aac', frames: 60 });
    const before = await readFile(path);
    expect(await read(path)).toEqual({
      kind: 'video',
      path,
      mimeType,
      byteSize: before.length,
      width: 128,
      height: 96,
      video: {
        durationMs: 2_000,
        frameRate: 30,
        videoCodec: 'h264',
        audioCodec: 'aac',
        details: {
          profile: 'Baseline',
          chromaSubsampling: '4:2:0',
          bitDepth: 8,
          scan: 'progressive',
          squarePixels: true,
          hdr: false,
          audioProfile: 'LC',
          audioChannels: 2,
          audioSampleRate: 44_100,
          moovFirst: false,
          fragmented: false,
          editList: false,
        },
      },
      pageCount: null,
    });
    expect((await readFile(path)).equals(before)).toBe(true);
  });
  it('may be in HEVC, and has the width at which it is shown', async () => {
    expect(await read(await film({ picture: 'hevc', container: 'mov', rotation: 90 }))).toMatchObject({
      width: 96,
      height: 128,
      video: { videoCodec: 'hevc' },
    });
  });
  it('may be silent', async () => {
    expect(await read(await film())).toMatchObject({ video: { audioCodec: null } });
  });
  it.each([
    ['the picture', { picture: 'vp9' }, 'VP9'],
    ['the sound', { sound: 'opus' }, 'OPUS'],
  ] as const)(
    'is refused for an unsupported codec of %s, with the name of the codec',
    async (_what, options, codec) => {
      await expect(read(await film(options))).rejects.toMatchObject({
        code: 'unsupported_media',
        message: expect.stringContaining(codec),
        errors: [{ pointer: '/file', code: 'codec' }],
      });
    },
  );
});

describe('isTruncatedMp4', () => {
  it('is false for a whole film, and true wherever it is cut off', async () => {
    const path = await film();
    expect(await isTruncatedMp4(path)).toBe(false);
    const { size } = await stat(path);
    for (const length of [size - 1, Math.round(size / 2), 12, 4]) {
      await truncate(path, length);
      expect([length, await isTruncatedMp4(path)]).toEqual([length, true]);
    }
  });
});
