import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { decideOnPost, RACED } from './decide-on-post.ts';
import { moveAlarm } from './move-alarm.ts';
import { markPostDeleted } from './post.repository.ts';

/**
 * Takes a post out of sight. A scheduled one is canceled with it; what has been published stays on the platform, and
 * the ledger of its attempts stays here.
 *
 * @throws DomainError `post_not_found`, `post_locked` while it is being published, `revision_mismatch`.
 */
export async function deletePost(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<void> {
  let tried = false;
  const decided = decideOnPost<undefined>(
    ctx,
    input,
    async (post, { changeId, assertCurrent }) => {
      if (post.status === 'publishing') {
        throw new DomainError(
          'post_locked',
          'The post can no longer be deleted. It is being published right now.',
        );
      }
      assertCurrent();
      tried = true;
      if (!(await markPostDeleted(ctx.db, post, changeId))) return RACED;
      await moveAlarm(ctx, { postId: post.id, from: post.scheduleJobId, to: null });
      return undefined;
    },
    () => undefined,
  );
  await decided.catch((error: unknown) => {
    // Gone since it was read: by another. Either way it is deleted.
    if (!(tried && error instanceof DomainError && error.code === 'post_not_found')) throw error;
  });
}
