import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { assertMediaLink, mediaKey } from './media.ts';
import { findMediaById } from './media.repository.ts';

/**
 * The bytes behind a signed link.
 * @throws DomainError `invalid_link`, `media_not_found`.
 */
export async function openMedia(
  ctx: Context,
  link: { mediaId: string; expires: number; signature: string },
): Promise<{ mimeType: string; byteSize: number; stream: Readable }> {
  assertMediaLink(ctx.settings.mediaSigningKey, link, ctx.clock.now());
  const media = await findMediaById(ctx.db, link.mediaId);
  if (!media) throw new DomainError('media_not_found', 'This media file does not exist any more.');
  return {
    mimeType: media.mimeType,
    byteSize: media.byteSize,
    stream: ctx.files.stream(mediaKey(media)),
  };
}
