import { readFile, truncate } from 'node:fs/promises';
import { decoding, loadSharp, READING } from './image-library.ts';
import { MAX_GIF_PIXELS, type FileFacts } from './media-file.ts';
import { damaged } from './refusals.ts';
import { gifLength } from './gif-length.ts';

const MIME_TYPE = 'image/gif';
const ALL_FRAMES = { ...READING, limitInputPixels: MAX_GIF_PIXELS, animated: true };

/** `loopMs`: how long all its pictures take, once. */
export type GifFacts = FileFacts & { frameCount: number; loopMs: number };

/** What is shown for less has no time by the format, and is given this one by everybody. */
const SHORTEST_PICTURE_MS = 20;
const USUAL_PICTURE_MS = 100;

/**
 * Decodes every frame of a GIF, each to the size of a stamp so that they never lie in memory together. The file stays as
 * it is: encoded anew it would look worse, and it has no place for what a camera writes down. What is hidden behind its end
 * is cut off.
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

/** How many pictures are in it. */
export async function countFrames(path: string, mimeType: string): Promise<number> {
  const sharp = await loadSharp();
  return decoding(mimeType, async () => (await sharp(path, READING).metadata()).pages ?? 1);
}

/**
 * Makes a GIF of an animated WebP, which the platforms do not agree on, with all its frames.
 * @throws MediaFileError
 */
export async function webpToGif(path: string, target: string): Promise<GifFacts> {
  const sharp = await loadSharp();
  await decoding('image/webp', async () => {
    await sharp(path, ALL_FRAMES).gif().toFile(target);
  });
  return checkGif(target);
}
