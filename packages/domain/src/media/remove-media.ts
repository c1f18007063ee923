import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { mediaNotFound } from './get-media.ts';
import { fileKey } from './media.ts';
import { takeOutMedia } from './media.repository.ts';
import { removeStrayFile } from './sweep-files.ts';

/**
 * Removes a media file that no post needs any more. Deleted posts, and posts that are published on all their channels, no
 * longer list it; what is on the platforms stays.
 *
 * @throws DomainError `media_not_found`, `media_in_use`.
 */
export async function removeMedia(
  ctx: Context,
  input: { organizationId: string; mediaId: string },
): Promise<void> {
  const { organizationId, mediaId: id } = input;
  let isAnswerLost = false;
  const keys = await withRetry(
    () =>
      takeOutMedia(ctx.db, { organizationId, id }, (media) => [
        fileKey(media),
        ...media.renditions.map(({ name }) => fileKey(media, name)),
      ]),
    { onRetry: () => (isAnswerLost = true) },
  );
  // Gone after a lost answer: most likely the first try removed it. The sweep removes the files.
  if (!keys && isAnswerLost) return;
  if (!keys) throw mediaNotFound();
  if (keys === 'in_use') {
    throw new DomainError(
      'media_in_use',
      'A post needs this file: a draft, or one that is scheduled, going out, or not published on all its channels. ' +
        'Take it off the post, or delete the post, first.',
    );
  }
  // The row is gone, and with it every link. A file that cannot be removed now is found by the next sweep.
  for (const key of keys) await removeStrayFile(ctx, key);
}
