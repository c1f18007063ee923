import type { Context } from '../context.ts';
import { firePostNow } from './firing.repository.ts';
import { wakeWorkers } from '../delivery/queue-jobs.ts';
import { checkPost } from '../post/check-post.ts';
import { compareAndSet } from '../post/compare-and-set.ts';
import { getPost, readBack } from '../post/get-post.ts';
import { moveAlarm } from '../post/move-alarm.ts';
import { assertEditable, assertRevision, type Post } from '../post/post.ts';

/**
 * Fires a draft or a scheduled post at once. The same statement cancels its schedule, so it goes out once. Resolves when the
 * post is `publishing`: the deliveries follow.
 *
 * @throws DomainError `post_not_found`, `invalid_post`, `post_locked`, `revision_mismatch`.
 */
export async function publishPostNow(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<Post> {
  for (;;) {
    const post = await getPost(ctx, input);
    assertEditable(post, 'published');
    assertRevision(post, input.expectedRevision);
    await checkPost(ctx, post);
    const fired = await compareAndSet(ctx, post, async (changeId) => {
      const deliveries = await firePostNow(ctx.db, { ...post, changeId });
      return deliveries.length > 0 || undefined;
    });
    if (!fired) continue;
    await Promise.all([
      wakeWorkers(
        ctx,
        post.deliveries.map(({ platform }) => platform),
      ),
      moveAlarm(ctx, { postId: post.id, from: post.scheduleJobId, to: null }),
    ]);
    const firedPost = {
      status: 'publishing',
      scheduledAt: null,
      scheduleJobId: null,
      alarmSetAt: null,
    } as const;
    return readBack(ctx, input, { ...post, ...firedPost, revision: post.revision + 1 });
  }
}
