import type { Context } from '../context.ts';
import { applyChange } from './apply-change.ts';
import { getPost } from './get-post.ts';
import { assertEditable, assertRevision, type Post } from './post.ts';

/**
 * Makes a scheduled post a draft again and cancels its alarm. Once this resolves, the post does not go out.
 * @throws DomainError `post_not_found`, `post_locked` (too late), `revision_mismatch`.
 */
export async function unschedulePost(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<Post> {
  for (;;) {
    const post = await getPost(ctx, input);
    assertEditable(post, 'unscheduled');
    if (post.status === 'draft') return post;
    assertRevision(post, input.expectedRevision);
    const unscheduled = await applyChange(ctx, post, { status: 'draft', scheduledAt: null });
    if (unscheduled) return unscheduled;
  }
}
