import type { Context } from '../context.ts';
import { refirePost } from './firing.repository.ts';
import { DomainError } from '../errors.ts';
import { wakeWorkers } from '../delivery/queue-jobs.ts';
import { checkPost } from '../post/check-post.ts';
import { compareAndSet } from '../post/compare-and-set.ts';
import { getPost, readBack } from '../post/get-post.ts';
import { assertRevision, type Post, type PostDelivery } from '../post/post.ts';

/**
 * Tries the failed deliveries of a post again, or only one of them. Published and waiting deliveries stay as they are. An
 * uncertain one is never sent again, because it may be out. Resolves when the post is `publishing`.
 *
 * @throws DomainError `post_not_found`, `delivery_not_found`, `nothing_to_retry`, `invalid_post`, `revision_mismatch`.
 */
export async function retryPost(
  ctx: Context,
  input: {
    organizationId: string;
    postId: string;
    /** Without it, all that failed. */
    deliveryId?: string | undefined;
    expectedRevision?: number | undefined;
  },
): Promise<Post> {
  const deliveryId = input.deliveryId?.toLowerCase();
  for (;;) {
    const post = await getPost(ctx, input);
    const meant = post.deliveries.filter(({ id }) => deliveryId === undefined || id === deliveryId);
    if (deliveryId !== undefined && meant.length === 0) {
      throw new DomainError('delivery_not_found', 'There is no such delivery of this post.');
    }
    const failed = meant.filter(({ status }) => status === 'failed');
    if (failed.length === 0) {
      throw new DomainError('nothing_to_retry', `There is nothing to try again. ${explain(post, meant)}`);
    }
    assertRevision(post, input.expectedRevision);
    // A delivery on a disconnected account fails again with that reason; it must not keep the others from going out.
    const connected = failed.filter((delivery) => delivery.channelStatus === 'active');
    await checkPost(ctx, { ...post, deliveries: connected.length > 0 ? connected : failed });
    const deliveryIds = failed.map(({ id }) => id);
    const fired = await compareAndSet(ctx, post, async (changeId) => {
      const deliveries = await refirePost(ctx.db, { ...post, changeId, deliveryIds });
      return deliveries.length > 0 || undefined;
    });
    if (!fired) continue;
    await wakeWorkers(
      ctx,
      failed.map(({ platform }) => platform),
    );
    return readBack(ctx, input, { ...post, status: 'publishing', revision: post.revision + 1 });
  }
}

function explain(post: Post, meant: PostDelivery[]): string {
  const uncertain = meant.find(({ status }) => status === 'uncertain');
  if (uncertain) {
    return (
      `On ${uncertain.platform} it may be out already: look at the account and say whether it is ("resolve"). If it is ` +
      'not, it can be tried again.'
    );
  }
  const [only] = meant;
  return meant.length === 1 && only ? `The delivery is ${only.status}.` : `The post is ${post.status}.`;
}
