import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Media } from './media.ts';
import { findMedia } from './media.repository.ts';

/** @throws DomainError `media_not_found`. */
export async function getMedia(
  ctx: Context,
  input: { organizationId: string; mediaId: string },
): Promise<Media> {
  const [media] = await withRetry(() => findMedia(ctx.db, input.organizationId, [input.mediaId]));
  if (!media) throw mediaNotFound();
  return media;
}

export function mediaNotFound(): DomainError {
  return new DomainError('media_not_found', 'There is no such media file in this organization.');
}
