import { writeFile } from 'node:fs/promises';
import { loadSharp, READING } from './image-library.ts';
import type { FileFacts } from './media-file.ts';

export interface RenditionSize {
  maxBytes: number;
  maxWidth: number;
  maxHeight: number;
}

/** From no visible loss to a slight one. After the last one, the image is made smaller instead. */
const QUALITIES = [88, 78, 68];
const SHRINK = 0.75;

/**
 * Makes a JPEG of at most `size` from an image that `readMediaFile` has returned (of a GIF: its first frame). Transparent
 * parts become white. An image is never enlarged.
 */
export async function renderJpeg(path: string, target: string, size: RenditionSize): Promise<FileFacts> {
  const sharp = await loadSharp();
  for (let scale = 1; ; scale *= SHRINK) {
    const width = Math.max(1, Math.round(size.maxWidth * scale));
    const height = Math.max(1, Math.round(size.maxHeight * scale));
    for (const quality of QUALITIES) {
      const { data, info } = await sharp(path, READING)
        .flatten({ background: '#ffffff' })
        .resize({ width, height, fit: 'inside', withoutEnlargement: true })
        .jpeg({ quality })
        .toBuffer({ resolveWithObject: true });
      if (data.byteLength > size.maxBytes) continue;
      await writeFile(target, data);
      const { width: shownWidth, height: shownHeight } = info;
      return { mimeType: 'image/jpeg', byteSize: data.byteLength, width: shownWidth, height: shownHeight };
    }
  }
}
