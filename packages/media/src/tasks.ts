import { fileTypeFromFile } from 'file-type';
import { checkGif } from './check-gif.ts';
import { KINDS, maxBytesOf, type FileFacts, type MediaKind, type VideoFacts } from './media-file.ts';
import { readVideo } from './read-video.ts';
import { reencodeImage } from './reencode-image.ts';
import { damaged, emptyFile, tooLarge, typeNotTaken } from './refusals.ts';
import { renderJpeg, type RenditionSize } from './render-jpeg.ts';
import { hasWholeEnd } from './whole-end.ts';

// What is done to a foreign file, by the process that is there for it (media-process.ts): nothing else may call these.

export interface Task {
  read: { asked: { path: string; byteSize: number; name: string; target: string }; answer: LookedAt };
  render: { asked: { path: string; target: string; size: RenditionSize }; answer: FileFacts };
}

/** Of a document no more than that it is one, and is whole: what is in it, another process reads. */
export type LookedAt = FileFacts & { path: string } & (
    | { kind: 'image' | 'gif'; video: null }
    | { kind: 'document'; video: null }
    | { kind: 'video'; video: VideoFacts }
  );

export const tasks: { [Name in keyof Task]: (asked: Task[Name]['asked']) => Promise<Task[Name]['answer']> } =
  {
    read: lookAt,
    render: ({ path, target, size }) => renderJpeg(path, target, size),
  };

async function lookAt({ path, byteSize, name, target }: Task['read']['asked']): Promise<LookedAt> {
  if (byteSize === 0) throw emptyFile();
  const mimeType = (await fileTypeFromFile(path))?.mime;
  const kind: MediaKind | undefined = KINDS[mimeType ?? ''];
  if (!mimeType || !kind) throw typeNotTaken(name, mimeType);
  if (byteSize > maxBytesOf(kind)) throw tooLarge(kind);
  switch (kind) {
    case 'image':
      return { kind, video: null, path: target, ...(await reencodeImage(path, target, mimeType)) };
    case 'gif':
      return { kind, video: null, path, ...(await checkGif(path)) };
    case 'video': {
      const { width, height, ...video } = await readVideo(path, mimeType);
      return { kind, video, path, mimeType, byteSize, width, height };
    }
    case 'document':
      if (!(await hasWholeEnd(path))) throw damaged(mimeType);
      return { kind, video: null, path, mimeType, byteSize, width: 0, height: 0 };
  }
}
