import type { Context } from '../context.ts';
import { applyChange } from './apply-change.ts';
import { assertEditable, type Post } from './post.ts';

/**
 * Makes a scheduled post a draft again and cancels its alarm. Once this resolves, the post does not go out.
 * @throws DomainError `post_not_found`, `post_locked` (too late), `revision_mismatch`.
 */
export async function unschedulePost(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<Post> {
  return applyChange(ctx, input, (post) => {
    assertEditable(post, 'unscheduled');
    return post.status === 'draft' ? undefined : { status: 'draft', scheduledAt: null };
  });
}
