import type { Context } from '../context.ts';
import { applyChange } from './apply-change.ts';
import { checkPost } from './check-post.ts';
import { getPost } from './get-post.ts';
import { assertEditable, assertRevision, parseScheduledAt, type Post } from './post.ts';

/**
 * Schedules a draft, or moves a scheduled post to another time. When this resolves, the row is committed and the post will go
 * out, even if the queue is lost. The same time again changes nothing.
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
  for (;;) {
    const post = await getPost(ctx, input);
    assertEditable(post, 'scheduled');
    if (post.scheduledAt?.getTime() === scheduledAt.getTime()) return post;
    await checkPost(ctx, post);
    assertRevision(post, input.expectedRevision);
    const scheduled = await applyChange(ctx, post, { status: 'scheduled', scheduledAt });
    if (scheduled) return scheduled;
  }
}
