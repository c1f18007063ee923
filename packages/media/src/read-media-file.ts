import { encodeVideo, type EncodeProblem, type EncodeSettings, type Source } from './encode-video.ts';
import { carryOut } from './media-processes.ts';
import { MAX_UPLOAD_BYTES, type FileFacts, type VideoFacts } from './media-file.ts';
import { readDocument } from './read-document.ts';
import { notConverted } from './refusals.ts';
import type { RemuxedFilm } from './remux-video.ts';
import type { RenditionSize } from './render-jpeg.ts';

/** An accepted file. `path` is a new file where it was encoded again. */
export type ReadFile = FileFacts & { path: string } & (
    | { kind: 'image'; video: null; pageCount: null }
    | { kind: 'gif'; video: null; pageCount: null; frameCount: number; loopMs: number }
    | { kind: 'video'; video: VideoFacts; pageCount: null }
    | { kind: 'document'; video: null; pageCount: number }
  );

/**
 * Detects the type of an uploaded file from its bytes, checks it, and returns what is kept of it. An image is encoded again
 * at `target`: upright, and without the data of the camera. A file that no platform takes is converted to an MP4 at `target`.
 * All other files stay as they are. Child processes do the reading.
 *
 * @param upload `name` is only used in messages.
 * @param client whose file it is: clients are served in turn.
 * @param converter the ffmpeg and its deadline (`performance.now()`); without it, files that need conversion are refused
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
 * Copies picture and sound of a video unchanged into a new MP4. Undefined when the copy would look different.
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

/** Converts a video or a GIF with ffmpeg to an MP4 that every platform takes. */
export function convertMediaFile(
  source: Source,
  target: string,
  settings: EncodeSettings,
): Promise<RemuxedFilm | { problem: EncodeProblem; said?: string }> {
  return encodeVideo(source, target, settings);
}

/**
 * Makes a JPEG of at most `size` from an image that `readMediaFile` has returned (of a GIF: its first frame). Transparent
 * parts become white. An image is never enlarged.
 */
export function renderMediaFile(
  path: string,
  target: string,
  size: RenditionSize,
  client: string,
): Promise<FileFacts> {
  return carryOut(client, 'render', { path, target, size });
}
