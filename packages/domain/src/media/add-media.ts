import { readMediaFile, renderMediaFile, type ReadFile } from '@solospark/media';
import { publishers } from '@solospark/publishers';
import type { ReceivedFile, Upload } from '@solospark/storage';
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { fileKey, renditionsFor, THUMBNAIL, type Media, type Rendition } from './media.ts';
import { makeFilms } from './make-films.ts';
import { insertMedia, noteStrayFiles } from './media.repository.ts';

/** How long an upload may take to convert: the client that waits for the answer has a limit, too, often of five minutes. */
const CONVERTING_MS = 240_000;

/** For lists and pickers. */
const THUMBNAIL_SIZE = { maxBytes: 100_000, maxWidth: 400, maxHeight: 400 };

/**
 * Stores one uploaded file, and all files that are derived from it: the work is done now, so that it does not delay posts.
 * The type of the file is what its bytes say, whatever its name.
 *
 * The keys are noted as orphaned files, then the files are stored, then the row claims them: a row never points at a missing
 * file, and `sweepFiles` removes what a crash leaves behind.
 *
 * @throws MediaFileError `media_too_large`, `unsupported_media`, `invalid_media`.
 */
export async function addMedia(
  ctx: Context,
  input: {
    organizationId: string;
    upload: Upload;
    file: ReceivedFile;
    /** The name of the file, for messages only. */
    name: string;
    altText: string | null;
  },
): Promise<Media> {
  const { organizationId, upload, file, name, altText } = input;
  const { ffmpeg } = ctx.settings;
  const deadline = performance.now() + CONVERTING_MS;
  const original = await readMediaFile(
    { ...file, name },
    upload.path('original'),
    organizationId,
    ffmpeg === null ? undefined : { ffmpeg, deadline },
  );
  const kept =
    original.path === file.path && original.byteSize === file.byteSize
      ? file
      : await upload.digest(original.path);
  const media: Media = {
    id: randomUUID(),
    kind: original.kind,
    mimeType: original.mimeType,
    byteSize: kept.byteSize,
    width: original.width,
    height: original.height,
    ...(original.video ?? { durationMs: null, frameRate: null, videoCodec: null, audioCodec: null }),
    pageCount: original.pageCount,
    altText,
    sha256: kept.sha256,
    renditions: await renderAll(original, upload, organizationId),
    details: {
      ...original.video?.details,
      ...(original.kind === 'gif' && { frameCount: original.frameCount, loopMs: original.loopMs }),
      ...(kept === file ? {} : { uploaded: { byteSize: file.byteSize } }),
    },
  };
  if (media.kind === 'video' || media.kind === 'gif') {
    const work = { upload, organizationId, deadline };
    const { films, notConverted } = await makeFilms(ctx, { media, path: original.path }, work);
    media.renditions.push(...films);
    media.details = { ...media.details, ...(notConverted && { notConverted }) };
  }
  const row = { ...media, organizationId, uploadedSha256: file.sha256 };
  const files = [
    { key: fileKey(row), path: original.path },
    ...media.renditions.map(({ name }) => ({ key: fileKey(row, name), path: upload.path(name) })),
  ];
  const keys = files.map(({ key }) => key);
  await noteStrayFiles(ctx.db, keys);
  for (const { key, path } of files) await ctx.files.put(key, path);
  if (!(await insertMedia(ctx.db, row, keys))) {
    // Files that were stored after the sweep are noted again, for the next sweep.
    await noteStrayFiles(ctx.db, keys);
    throw new Error('the upload took so long that it was swept away');
  }
  return media;
}

/** Videos and documents have no thumbnail: showing a frame or a page takes a decoder. */
async function renderAll(original: ReadFile, upload: Upload, organizationId: string): Promise<Rendition[]> {
  if (original.kind === 'video' || original.kind === 'document') return [];
  const platforms = publishers.map(({ limits }) => limits.media.image);
  const wanted = original.kind === 'image' ? renditionsFor(original, platforms) : [];
  const renditions: Rendition[] = [];
  for (const [name, size] of [[THUMBNAIL, THUMBNAIL_SIZE] as const, ...wanted]) {
    const file = await renderMediaFile(original.path, upload.path(name), size, organizationId);
    renditions.push({ name, ...file, sha256: (await upload.digest(upload.path(name))).sha256 });
  }
  return renditions;
}
