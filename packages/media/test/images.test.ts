import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { moving, noise, photoOnItsSide, plain } from '../../../test/support/media.ts';
import { readMediaFile, renderMediaFile } from '../src/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-media-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let serial = 0;
const newPath = () => join(folder, `file-${(serial += 1)}`);
const written = async (bytes: Buffer) => {
  const path = newPath();
  await writeFile(path, bytes);
  return path;
};
const read = async (bytes: Buffer) =>
  readMediaFile({ path: await written(bytes), byteSize: bytes.byteLength, name: 'a' }, newPath(), 'client');
const pixelOf = async (path: string, left: number, top: number) => {
  const pixel = await sharp(path).extract({ left, top, width: 1, height: 1 }).raw().toBuffer();
  return [...pixel].map((part) => Math.round(part / 255));
};

describe('an image', () => {
  // The largest photo of a phone has 200 MB of pixels, so memory does not allow many copies.
  it('of 48 megapixels is read from a HEIC', async () => {
    const heic = await readFile(new URL('../../../test/fixtures/photo-48-megapixels.heic', import.meta.url));
    expect(await read(heic)).toMatchObject({ mimeType: 'image/jpeg', width: 8_064, height: 6_048 });
  }, 180_000);
  it('is turned upright, and loses the data of the camera', async () => {
    const photo = await photoOnItsSide();
    // The original contains the data that has to be removed.
    expect((await sharp(photo).metadata()).exif?.toString('latin1')).toContain('Ada Lovelace');
    const image = await read(photo);
    expect(image).toMatchObject({ kind: 'image', mimeType: 'image/jpeg', width: 20, height: 40 });
    expect(await pixelOf(image.path, 10, 5)).toEqual([1, 0, 0]);
    expect(await pixelOf(image.path, 10, 35)).toEqual([0, 0, 1]);
    const { orientation, exif, icc } = await sharp(image.path).metadata();
    expect([orientation, exif, icc]).toEqual([undefined, undefined, undefined]);
    expect((await readFile(image.path)).toString('latin1')).not.toContain('Ada');
  });
  it.each(['jpeg', 'png', 'webp'] as const)('stays a %s of the same size in pixels', async (type) => {
    const bytes = await plain(30, 20, '#336699').toFormat(type).toBuffer();
    const image = await read(bytes);
    const { format, width, height } = await sharp(image.path).metadata();
    expect([format, width, height]).toEqual([type, 30, 20]);
    expect(image.byteSize).toBe((await stat(image.path)).size);
  });
  it('loses bytes that were hidden behind its end', async () => {
    const bytes = await plain(30, 20, '#336699').png().toBuffer();
    const image = await read(Buffer.concat([bytes, Buffer.from('<script>alert(1)</script>')]));
    expect((await readFile(image.path)).toString('latin1')).not.toContain('script');
  });
  it('is converted to sRGB', async () => {
    const bytes = await plain(10, 10, '#00ff00')
      .flatten()
      .toColourspace('cmyk')
      .jpeg()
      .withIccProfile('cmyk')
      .toBuffer();
    const image = await read(bytes);
    expect((await sharp(image.path).metadata()).space).toBe('srgb');
  });
});

describe('a GIF', () => {
  it('stays as it is, with all its frames', async () => {
    const bytes = await moving('gif');
    const gif = await read(bytes);
    expect(gif).toMatchObject({ kind: 'gif', mimeType: 'image/gif', width: 64, height: 48 });
    expect((await readFile(gif.path)).equals(bytes)).toBe(true);
    expect((await sharp(gif.path).metadata()).pages).toBe(3);
  });
  it('is refused wherever it was cut off', async () => {
    const bytes = await moving('gif');
    for (let length = 14; length < bytes.length; length += 7) {
      await expect(read(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'invalid_media' });
    }
  });
});

describe('a rendition', () => {
  const SIZE = { maxBytes: 1_000_000, maxWidth: 2_000, maxHeight: 2_000 };

  it('is white where the image was transparent', async () => {
    const path = await written(await plain(20, 20, '#ff000000').png().toBuffer());
    const target = newPath();
    expect(await renderMediaFile(path, target, SIZE, 'client')).toMatchObject({
      mimeType: 'image/jpeg',
      width: 20,
      height: 20,
    });
    expect(await pixelOf(target, 10, 10)).toEqual([1, 1, 1]);
    expect((await sharp(target).metadata()).format).toBe('jpeg');
  });
  it('is never larger than allowed, in bytes and in pixels, also of an image that hardly compresses', async () => {
    const path = await written(await noise(900, 600, 4).png().toBuffer());
    for (const maxBytes of [200_000, 60_000, 5_000]) {
      const target = newPath();
      const rendition = await renderMediaFile(
        path,
        target,
        { maxBytes, maxWidth: 500, maxHeight: 500 },
        'client',
      );
      expect((await stat(target)).size).toBe(rendition.byteSize);
      expect(rendition.byteSize).toBeLessThanOrEqual(maxBytes);
      expect(rendition.width).toBeLessThanOrEqual(500);
      expect(Math.abs(rendition.width / rendition.height - 1.5)).toBeLessThan(0.05);
    }
  });
  it('is never larger than the image', async () => {
    const path = await written(await plain(20, 10, '#ffffff').png().toBuffer());
    expect(await renderMediaFile(path, newPath(), SIZE, 'client')).toMatchObject({ width: 20, height: 10 });
  });
  it('of a GIF is its first frame', async () => {
    const target = newPath();
    await renderMediaFile(await written(await moving('gif')), target, SIZE, 'client');
    expect(await pixelOf(target, 10, 10)).toEqual([1, 0, 0]);
  });
});
