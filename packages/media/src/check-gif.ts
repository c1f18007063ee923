import { readFile, truncate } from 'node:fs/promises';
import { decoding, loadSharp, READING } from './image-library.ts';
import { MAX_GIF_PIXELS, type FileFacts } from './media-file.ts';
import { damaged } from './refusals.ts';
import { gifLength } from './gif-length.ts';

const MIME_TYPE = 'image/gif';
const ALL_FRAMES = { ...READING, limitInputPixels: MAX_GIF_PIXELS, animated: true };

/** `loopMs`: how long all frames take, once. */
export type GifFacts = FileFacts & { frameCount: number; loopMs: number };

/** Viewers show a frame with a shorter delay for 100 ms. */
const SHORTEST_PICTURE_MS = 20;
const USUAL_PICTURE_MS = 100;

/**
 * Checks a GIF by decoding every frame, scaled down so that all frames fit in memory. The file is not encoded again: it
 * would look worse, and a GIF has no camera data. Bytes behind its end are cut off.
 * @throws MediaFileError
 */
export async function checkGif(path: string): Promise<GifFacts> {
  const sharp = await loadSharp();
  const byteSize = gifLength(await readFile(path));
  if (byteSize === undefined) throw damaged(MIME_TYPE);
  await truncate(path, byteSize);
  return decoding(MIME_TYPE, async () => {
    const {
      width,
      height,
      pages = 1,
      delay = [],
    } = await sharp(path, { ...ALL_FRAMES, animated: false }).metadata();
    await sharp(path, ALL_FRAMES).resize(16, 16, { fit: 'fill' }).raw().toBuffer();
    const loopMs = delay
      .map((ms) => (ms < SHORTEST_PICTURE_MS ? USUAL_PICTURE_MS : ms))
      .reduce((sum, ms) => sum + ms, 0);
    return { mimeType: MIME_TYPE, byteSize, width, height, frameCount: pages, loopMs };
  });
}

/** The number of frames of an image. */
export async function countFrames(path: string, mimeType: string): Promise<number> {
  const sharp = await loadSharp();
  return decoding(mimeType, async () => (await sharp(path, READING).metadata()).pages ?? 1);
}

/**
 * Converts an animated WebP, which some platforms do not take, to a GIF with all its frames.
 * @throws MediaFileError
 */
export async function webpToGif(path: string, target: string): Promise<GifFacts> {
  const sharp = await loadSharp();
  await decoding('image/webp', async () => {
    await sharp(path, ALL_FRAMES).gif().toFile(target);
  });
  return checkGif(target);
}
