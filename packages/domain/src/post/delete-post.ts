import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { compareAndSet } from './compare-and-set.ts';
import { getPost } from './get-post.ts';
import { moveAlarm } from './move-alarm.ts';
import { assertRevision, type Post } from './post.ts';
import { findPost, markPostDeleted } from './post.repository.ts';

/**
 * Deletes a post. A scheduled post is canceled. What has been published stays on the platform, and its attempts stay in the
 * ledger.
 * @throws DomainError `post_not_found`, `post_locked` while it is being published, `revision_mismatch`.
 */
export async function deletePost(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<void> {
  let post: Post | undefined = await getPost(ctx, input);
  // Undefined: somebody else deleted it meanwhile, so it is deleted as requested.
  while (post) {
    if (post.status === 'publishing') {
      const reason = 'The post can no longer be deleted. It is being published right now.';
      throw new DomainError('post_locked', reason);
    }
    assertRevision(post, input.expectedRevision);
    const read = post;
    const deleted = await compareAndSet(ctx, read, (changeId) => markPostDeleted(ctx.db, read, changeId));
    if (deleted) {
      await moveAlarm(ctx, { postId: read.id, from: read.scheduleJobId, to: null });
      return;
    }
    post = await withRetry(() => findPost(ctx.db, input));
  }
}
