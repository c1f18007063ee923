import type { Sharp } from 'sharp';
import { writeFile } from 'node:fs/promises';
import { decoding, loadSharp, READING } from './image-library.ts';
import type { FileFacts } from './media-file.ts';
import { animated } from './refusals.ts';

/** High enough that nobody sees the second encoding; what a platform makes of it is a third. */
const QUALITY = 90;

const ENCODERS: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  'image/jpeg': (image) => image.jpeg({ quality: QUALITY }),
  'image/png': (image) => image.png(),
  'image/webp': (image) => image.webp({ quality: QUALITY }),
};

/**
 * Decodes an image to its last pixel and encodes it anew: upright, in sRGB, without place, camera and whatever else was
 * hidden in the file.
 * @throws MediaFileError
 */
export async function reencodeImage(path: string, target: string, mimeType: string): Promise<FileFacts> {
  const encode = ENCODERS[mimeType];
  if (!encode) throw new Error(`no encoder for ${mimeType}`);
  const sharp = await loadSharp();
  const { data, info } = await decoding(mimeType, async () => {
    const { pages = 1 } = await sharp(path, READING).metadata();
    if (pages > 1) throw animated(mimeType);
    const image = sharp(path, READING).autoOrient().toColourspace('srgb');
    return encode(image).toBuffer({ resolveWithObject: true });
  });
  await writeFile(target, data);
  return { mimeType, byteSize: data.byteLength, width: info.width, height: info.height };
}
