import { FileMissingError } from '@solospark/storage';
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
  try {
    const stream = await ctx.files.stream(mediaKey(media));
    return { mimeType: media.mimeType, byteSize: media.byteSize, stream };
  } catch (error) {
    if (!(error instanceof FileMissingError)) throw error;
    const message =
      'The bytes of this media file are missing. Whoever runs this server should look at MEDIA_DIR.';
    throw new DomainError('media_not_found', message, { cause: error });
  }
}
