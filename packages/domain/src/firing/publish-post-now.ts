import type { Context } from '../context.ts';
import { firePostNow } from './firing.repository.ts';
import { enqueueDeliveries } from '../delivery/enqueue-deliveries.ts';
import { checkPost } from '../post/check-post.ts';
import { decideOnPost, RACED } from '../post/decide-on-post.ts';
import { readBack } from '../post/get-post.ts';
import { moveAlarm } from '../post/move-alarm.ts';
import { assertEditable, type Post } from '../post/post.ts';

/**
 * Fires a draft or a scheduled post at once; its schedule is canceled by the same statement, so it goes out once.
 * Resolves when the post is `publishing`: the deliveries follow.
 *
 * @throws DomainError `post_not_found`, `invalid_post`, `post_locked`, `revision_mismatch`.
 */
export async function publishPostNow(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<Post> {
  return decideOnPost(ctx, input, async (post, { changeId, assertCurrent }) => {
    assertEditable(post, 'published');
    assertCurrent();
    await checkPost(ctx, post);
    const deliveries = await firePostNow(ctx.db, { ...post, changeId });
    if (deliveries.length === 0) return RACED;
    await Promise.all([
      enqueueDeliveries(ctx, deliveries),
      moveAlarm(ctx, { postId: post.id, from: post.scheduleJobId, to: null }),
    ]);
    return readBack(ctx, input, {
      ...post,
      status: 'publishing',
      revision: post.revision + 1,
      scheduledAt: null,
      scheduleJobId: null,
      alarmSetAt: null,
    });
  });
}
