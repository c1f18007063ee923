import { fileTypeFromFile } from 'file-type';
import { checkGif, countFrames, webpToGif } from './check-gif.ts';
import { isImageSequence } from './container-facts.ts';
import {
  CONVERTIBLE,
  KINDS,
  maxBytesOf,
  type FileFacts,
  type MediaKind,
  type VideoFacts,
} from './media-file.ts';
import { readVideo } from './read-video.ts';
import { reencodeImage } from './reencode-image.ts';
import { remuxVideo, type RemuxedFilm } from './remux-video.ts';
import {
  damaged,
  emptyFile,
  isAboutCodec,
  isDamage,
  needsFfmpeg,
  tooLarge,
  typeNotTaken,
} from './refusals.ts';
import { renderJpeg, type RenditionSize } from './render-jpeg.ts';
import { isTruncatedPdf } from './is-truncated-pdf.ts';

// The tasks on uploaded files. Only the process with limits (media-process.ts) may run them.

export interface Task {
  read: {
    /** `canConvert`: a file that only ffmpeg can read is answered as `convertible` instead of being refused. */
    asked: { path: string; byteSize: number; name: string; target: string; canConvert: boolean };
    answer: LookedAt | { kind: 'convertible'; container: string; make: 'film' | 'loop' };
  };
  render: { asked: { path: string; target: string; size: RenditionSize }; answer: FileFacts };
  remux: {
    asked: { path: string; target: string; mimeType: string };
    answer: RemuxedFilm | undefined;
  };
}

/** A document is only checked for type and end here; another process reads its content. */
export type LookedAt = FileFacts & { path: string } & (
    | { kind: 'image'; video: null }
    | { kind: 'gif'; video: null; frameCount: number; loopMs: number }
    | { kind: 'document'; video: null }
    | { kind: 'video'; video: VideoFacts }
  );

export const tasks: { [Name in keyof Task]: (asked: Task[Name]['asked']) => Promise<Task[Name]['answer']> } =
  {
    read: lookAt,
    render: ({ path, target, size }) => renderJpeg(path, target, size),
    remux: ({ path, target, mimeType }) => remuxVideo(path, target, mimeType),
  };

async function lookAt(asked: Task['read']['asked']): Promise<Task['read']['answer']> {
  const { path, byteSize, name, target, canConvert } = asked;
  if (byteSize === 0) throw emptyFile();
  const mimeType = (await fileTypeFromFile(path))?.mime;
  const kind: MediaKind | undefined = KINDS[mimeType ?? ''];
  const container = CONVERTIBLE[mimeType ?? ''];
  if (!kind && container && canConvert) {
    return { kind: 'convertible', container, make: mimeType === 'image/apng' ? 'loop' : 'film' };
  }
  if (!mimeType || !kind) throw container ? needsFfmpeg(mimeType ?? '') : typeNotTaken(name, mimeType);
  if (byteSize > maxBytesOf(kind)) throw tooLarge(kind);
  switch (kind) {
    case 'image':
      if (mimeType === 'image/webp' && (await countFrames(path, mimeType)) > 1) {
        return { kind: 'gif', video: null, path: target, ...(await webpToGif(path, target)) };
      }
      try {
        return { kind, video: null, path: target, ...(await reencodeImage(path, target, mimeType)) };
      } catch (error) {
        if (!isDamage(error) || !(await isImageSequence(path))) throw error;
        if (!canConvert) throw needsFfmpeg(`a sequence of images (${mimeType})`);
        return { kind: 'convertible', container: 'mov', make: 'loop' };
      }
    case 'gif': {
      const gif = await checkGif(path);
      if (gif.frameCount > 1) return { kind, video: null, path, ...gif };
      // A GIF with one frame becomes a PNG, which every platform takes.
      return {
        kind: 'image',
        video: null,
        path: target,
        ...(await reencodeImage(path, target, 'image/png')),
      };
    }
    case 'video': {
      const film = await readVideo(path, mimeType).catch((error) => {
        if (canConvert && isAboutCodec(error)) return undefined;
        throw error;
      });
      if (!film) return { kind: 'convertible', container: 'mov', make: 'film' };
      const { width, height, ...video } = film;
      const kept = mimeType === 'video/x-m4v' ? 'video/mp4' : mimeType;
      return { kind, video, path, mimeType: kept, byteSize, width, height };
    }
    case 'document':
      if (await isTruncatedPdf(path)) throw damaged(mimeType);
      return { kind, video: null, path, mimeType, byteSize, width: 0, height: 0 };
  }
}
