import { readFile, truncate } from 'node:fs/promises';
import { decoding, loadSharp, READING } from './image-library.ts';
import { MAX_GIF_PIXELS, type FileFacts } from './media-file.ts';
import { damaged } from './refusals.ts';
import { wholeLength } from './whole-blocks.ts';

const MIME_TYPE = 'image/gif';

/**
 * Decodes every frame of a GIF, each to the size of a stamp so that they never lie in memory together. The file stays as
 * it is: encoded anew it would look worse, and it has no place for what a camera writes down. What is hidden behind its end
 * is cut off.
 * @throws MediaFileError
 */
export async function checkGif(path: string): Promise<FileFacts> {
  const sharp = await loadSharp();
  const reading = { ...READING, limitInputPixels: MAX_GIF_PIXELS };
  const byteSize = wholeLength(await readFile(path));
  if (byteSize === undefined) throw damaged(MIME_TYPE);
  await truncate(path, byteSize);
  return decoding(MIME_TYPE, async () => {
    const { width, height } = await sharp(path, reading).metadata();
    await sharp(path, { ...reading, animated: true })
      .resize(16, 16, { fit: 'fill' })
      .raw()
      .toBuffer();
    return { mimeType: MIME_TYPE, byteSize, width, height };
  });
}
