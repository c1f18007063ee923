import type { Sharp } from 'sharp';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { decodeHeic } from './decode-heic.ts';
import { decoding, loadSharp, READING } from './image-library.ts';
import type { FileFacts } from './media-file.ts';

/** High enough that the second encoding is not visible; the platforms encode the image a third time. */
const QUALITY = 90;

const ENCODERS: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  'image/jpeg': (image) => image.jpeg({ quality: QUALITY }),
  'image/png': (image) => image.png(),
  'image/webp': (image) => image.webp({ quality: QUALITY }),
};

const HEIC = /^image\/hei[cf](-sequence)?$/;

/**
 * Decodes the whole image and encodes it again: upright, in sRGB, without location, camera data or anything else that was
 * hidden in the file. A format that no platform takes (HEIC, AVIF) becomes a JPEG, or a PNG if a part is transparent.
 * @throws MediaFileError
 */
export async function reencodeImage(path: string, target: string, mimeType: string): Promise<FileFacts> {
  const sharp = await loadSharp();
  return decoding(mimeType, async () => {
    const { source, isTransparent } = await sourceOf(path, `${target}.decoded`, mimeType);
    const kept = mimeType in ENCODERS ? mimeType : isTransparent ? 'image/png' : 'image/jpeg';
    const image = sharp(source, READING).autoOrient().toColourspace('srgb');
    const encode = ENCODERS[kept] ?? ((unknown: Sharp) => unknown);
    const { data, info } = await encode(image).toBuffer({ resolveWithObject: true });
    if (source !== path) await rm(source);
    await writeFile(target, data);
    return { mimeType: kept, byteSize: data.byteLength, width: info.width, height: info.height };
  });
}

/** The file that sharp reads (`decoded` for a HEIC, which is decoded first), and whether a part of it is transparent. */
async function sourceOf(
  path: string,
  decoded: string,
  mimeType: string,
): Promise<{ source: string; isTransparent: boolean }> {
  const heic = HEIC.test(mimeType) ? await decodeHeic(await readFile(path), decoded) : undefined;
  const source = heic ? decoded : path;
  if (mimeType in ENCODERS || heic?.hasAlpha === false) return { source, isTransparent: false };
  const sharp = await loadSharp();
  return { source, isTransparent: !(await sharp(source, READING).stats()).isOpaque };
}
