import { encodeVideo, type EncodeProblem, type EncodeSettings, type Source } from './encode-video.ts';
import { carryOut } from './media-processes.ts';
import { MAX_UPLOAD_BYTES, type FileFacts, type VideoFacts } from './media-file.ts';
import { readDocument } from './read-document.ts';
import { notConverted } from './refusals.ts';
import type { RemuxedFilm } from './remux-video.ts';
import type { RenditionSize } from './render-jpeg.ts';

/** A file that is taken, and where it lies: an image was written anew. */
export type ReadFile = FileFacts & { path: string } & (
    | { kind: 'image'; video: null; pageCount: null }
    | { kind: 'gif'; video: null; pageCount: null; frameCount: number; loopMs: number }
    | { kind: 'video'; video: VideoFacts; pageCount: null }
    | { kind: 'document'; video: null; pageCount: number }
  );

/**
 * Finds out by its bytes what an uploaded file is, reads it to its end, and leaves what is kept of it: an image encoded
 * anew at `target`, turned upright and without anything that the camera wrote into it; all else as it is, but for what no
 * platform takes, of which an ffmpeg makes an MP4 there. Nothing of the file is read by this process.
 *
 * @param upload `name` only stands in the sentences.
 * @param client whose file it is: those of different clients take turns.
 * @param converter the ffmpeg, and until when it may work (`performance.now()`); none: what it could read is refused
 * @throws MediaFileError
 */
export async function readMediaFile(
  upload: { path: string; byteSize: number; name: string },
  target: string,
  client: string,
  converter?: Pick<EncodeSettings, 'ffmpeg' | 'deadline'>,
): Promise<ReadFile> {
  const { path, byteSize, name } = upload;
  const canConvert = converter !== undefined;
  const read = await carryOut(client, 'read', { path, byteSize, name, target, canConvert });
  if (read.kind === 'document') return { ...read, ...(await readDocument(path, read.mimeType, client)) };
  if (read.kind !== 'convertible') return { ...read, pageCount: null };
  if (!converter) throw new Error('told to convert, without an ffmpeg');
  const settings = { ...converter, client, maxBytes: MAX_UPLOAD_BYTES };
  const { container, make } = read;
  const film = await encodeVideo({ path, container, make }, target, settings);
  if ('problem' in film) throw notConverted(WHY[film.problem], film.said);
  return { ...film, kind: 'video', path: target, pageCount: null };
}

const WHY: Readonly<Record<EncodeProblem, string>> = {
  time: 'took too long',
  size: 'makes it too large',
  failed: 'failed: it may be damaged',
};

/**
 * Puts the picture and the sound of a video into a new MP4, unchanged. Undefined where that would show something else.
 * @throws MediaFileError for one that takes too much time or memory
 */
export function remuxMediaFile(
  path: string,
  target: string,
  mimeType: string,
  client: string,
): Promise<RemuxedFilm | undefined> {
  return carryOut(client, 'remux', { path, target, mimeType });
}

/** Makes an MP4 of a video or a GIF that every platform takes, by an ffmpeg. */
export function convertMediaFile(
  source: Source,
  target: string,
  settings: EncodeSettings,
): Promise<RemuxedFilm | { problem: EncodeProblem; said?: string }> {
  return encodeVideo(source, target, settings);
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
