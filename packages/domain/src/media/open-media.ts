import { withRetry } from '@solospark/db';
import type { ByteRange } from '@solospark/storage';
import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { assertMediaLink, fileKey, type MediaLink } from './media.ts';
import { findMediaById } from './media.repository.ts';
import { storeProblem } from './store-problem.ts';

export interface OpenedMedia {
  mimeType: string;
  byteSize: number;
  /** @throws DomainError `media_not_found`, `media_damaged`, `storage_unavailable` before the first byte. */
  open(range?: ByteRange): Promise<Readable>;
}

/**
 * The file behind a signed link: the original, or the rendition that the link names.
 * @throws DomainError `invalid_link`, `media_not_found`.
 */
export async function openMedia(ctx: Context, link: MediaLink): Promise<OpenedMedia> {
  assertMediaLink(ctx.settings.mediaSigningKey, link, ctx.clock.now());
  const media = await withRetry(() => findMediaById(ctx.db, link.mediaId));
  const file =
    link.rendition === undefined ? media : media?.renditions.find(({ name }) => name === link.rendition);
  if (!media || !file) throw new DomainError('media_not_found', 'This media file does not exist any more.');
  const { mimeType, byteSize } = file;
  return {
    mimeType,
    byteSize,
    async open(range) {
      try {
        return await ctx.files.open(fileKey(media, link.rendition), byteSize, range);
      } catch (error) {
        throw storeProblem(error);
      }
    },
  };
}
