import { carryOut } from './media-processes.ts';
import type { FileFacts, VideoFacts } from './media-file.ts';
import { readDocument } from './read-document.ts';
import type { RenditionSize } from './render-jpeg.ts';

/** A file that is taken, and where it lies: an image was written anew. */
export type ReadFile = FileFacts & { path: string } & (
    | { kind: 'image' | 'gif'; video: null; pageCount: null }
    | { kind: 'video'; video: VideoFacts; pageCount: null }
    | { kind: 'document'; video: null; pageCount: number }
  );

/**
 * Finds out by its bytes what an uploaded file is, reads it to its end, and leaves what is kept of it: an image encoded
 * anew at `target`, turned upright and without anything that the camera wrote into it; all else as it is. Nothing of the file
 * is read by this process.
 *
 * @param upload `name` only stands in the sentences.
 * @param client whose file it is: those of different clients take turns.
 * @throws MediaFileError
 */
export async function readMediaFile(
  upload: { path: string; byteSize: number; name: string },
  target: string,
  client: string,
): Promise<ReadFile> {
  const { path, byteSize, name } = upload;
  const read = await carryOut(client, 'read', { path, byteSize, name, target });
  if (read.kind === 'document') return { ...read, ...(await readDocument(path, read.mimeType, client)) };
  return { ...read, pageCount: null };
}

/**
 * Makes a JPEG of at most that size from an image that `readMediaFile` left (of a GIF: its first frame). What was
 * transparent is white. An image is never enlarged.
 */
export function renderMediaFile(
  path: string,
  target: string,
  size: RenditionSize,
  client: string,
): Promise<FileFacts> {
  return carryOut(client, 'render', { path, target, size });
}
