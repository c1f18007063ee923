import { fileTypeFromFile } from 'file-type';
import { checkGif } from './check-gif.ts';
import { KINDS, maxBytesOf, type FileFacts, type MediaKind, type VideoFacts } from './media-file.ts';
import { readDocument } from './read-document.ts';
import { readVideo } from './read-video.ts';
import { reencodeImage } from './reencode-image.ts';
import { emptyFile, tooLarge, typeNotTaken } from './refusals.ts';

/** A file that is taken, and where it lies: an image was written anew. */
export type ReadFile = FileFacts & { path: string } & (
    | { kind: 'image' | 'gif'; video: null; pageCount: null }
    | { kind: 'video'; video: VideoFacts; pageCount: null }
    | { kind: 'document'; video: null; pageCount: number }
  );

/**
 * Finds out by its bytes what an uploaded file is, reads it to its end, and leaves what is kept of it: an image encoded
 * anew at `target`, turned upright and without anything that the camera wrote into it; all else as it is.
 *
 * @param upload `name` only stands in the sentences.
 * @throws MediaFileError
 */
export async function readMediaFile(
  upload: { path: string; byteSize: number; name: string },
  target: string,
): Promise<ReadFile> {
  const { path, byteSize, name } = upload;
  if (byteSize === 0) throw emptyFile();
  const mimeType = (await fileTypeFromFile(path))?.mime;
  const kind: MediaKind | undefined = KINDS[mimeType ?? ''];
  if (!mimeType || !kind) throw typeNotTaken(name, mimeType);
  if (byteSize > maxBytesOf(kind)) throw tooLarge(kind);
  switch (kind) {
    case 'image':
      return {
        kind,
        video: null,
        pageCount: null,
        path: target,
        ...(await reencodeImage(path, target, mimeType)),
      };
    case 'gif':
      return { kind, video: null, pageCount: null, path, ...(await checkGif(path, byteSize)) };
    case 'video': {
      const { width, height, ...video } = await readVideo(path, mimeType);
      return { kind, video, pageCount: null, path, mimeType, byteSize, width, height };
    }
    case 'document':
      return { kind, video: null, path, mimeType, byteSize, ...(await readDocument(path, mimeType)) };
  }
}
