import type { Context } from '../context.ts';
import { applyChange } from './apply-change.ts';
import { checkPost } from './check-post.ts';
import { assertEditable, parseScheduledAt, type Post } from './post.ts';

/**
 * Schedules a draft, or moves a scheduled post to another time. When this resolves, the row is committed and the post
 * will go out, whatever becomes of the queue. The same time again changes nothing.
 *
 * @throws DomainError `post_not_found`, `invalid_schedule`, `invalid_post`, `post_locked`, `revision_mismatch`.
 */
export async function schedulePost(
  ctx: Context,
  input: {
    organizationId: string;
    postId: string;
    scheduledAt: string;
    expectedRevision?: number | undefined;
  },
): Promise<Post> {
  const scheduledAt = parseScheduledAt(input.scheduledAt, ctx.clock.now());
  return applyChange(ctx, input, async (post) => {
    assertEditable(post, 'scheduled');
    if (post.scheduledAt?.getTime() === scheduledAt.getTime()) return undefined;
    await checkPost(ctx, post);
    return { status: 'scheduled', scheduledAt };
  });
}
