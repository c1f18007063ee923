import { readFile } from 'node:fs/promises';
import { decoding, loadSharp, READING } from './image-library.ts';
import { inTurn } from './in-turn.ts';
import { MAX_GIF_PIXELS, type FileFacts } from './media-file.ts';
import { damaged } from './refusals.ts';
import { hasWholeBlocks } from './whole-blocks.ts';

const MIME_TYPE = 'image/gif';

/**
 * Decodes every frame of a GIF, each to the size of a stamp so that they never lie in memory together. The file stays as
 * it is: encoded anew it would look worse, and it has no place for what a camera writes down.
 * @throws MediaFileError
 */
export async function checkGif(path: string, byteSize: number): Promise<FileFacts> {
  const sharp = await loadSharp();
  const reading = { ...READING, limitInputPixels: MAX_GIF_PIXELS };
  return inTurn(async () => {
    if (!hasWholeBlocks(await readFile(path))) throw damaged(MIME_TYPE);
    return decoding(MIME_TYPE, async () => {
      const { width, height } = await sharp(path, reading).metadata();
      await sharp(path, { ...reading, animated: true })
        .resize(16, 16, { fit: 'fill' })
        .raw()
        .toBuffer();
      return { mimeType: MIME_TYPE, byteSize, width, height };
    });
  });
}
