import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { mediaNotFound } from '../media/get-media.ts';
import type { Media } from '../media/media.ts';
import { readMediaVersion } from '../media/media.repository.ts';
import { changeAltText } from './alt-text.repository.ts';

/**
 * Changes the alt text of a media file, for the drafts that show it and for posts to come.
 * @throws DomainError `media_not_found`, `media_in_use`.
 */
export async function updateAltText(
  ctx: Context,
  input: { organizationId: string; mediaId: string; altText: string | null },
): Promise<Media> {
  const { organizationId, mediaId: id, altText } = input;
  const seen = await withRetry(() => readMediaVersion(ctx.db, id));
  let isAnswerLost = false;
  // A repetition after a lost answer must not overwrite what somebody else has written since.
  const media = await withRetry(
    () => changeAltText(ctx.db, { organizationId, id }, altText, isAnswerLost ? seen : undefined),
    { onRetry: () => (isAnswerLost = true) },
  );
  if (!media) throw mediaNotFound();
  if (media === 'in_use') {
    throw new DomainError(
      'media_in_use',
      'A post that is scheduled, going out, or not published on all its channels shows this file with the alt text that ' +
        'it was checked with. Take the post off the schedule first, or upload the file again.',
    );
  }
  return media;
}
