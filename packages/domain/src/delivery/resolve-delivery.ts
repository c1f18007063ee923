import type { Context } from '../context.ts';
import { isResolved, type Resolution } from './resolution.ts';
import { recordResolution } from './resolution.repository.ts';
import { DomainError } from '../errors.ts';
import { compareAndSet } from '../post/compare-and-set.ts';
import { getPost, readBack } from '../post/get-post.ts';
import { assertRevision, type Post } from '../post/post.ts';

/**
 * A person has looked, and says whether an uncertain delivery is out. If it is, the delivery is published. If not, it has
 * failed, and `retryPost` sends it again. The post's own status follows at once. The same decision again changes nothing.
 *
 * @throws DomainError `post_not_found`, `delivery_not_found`, `nothing_to_resolve`, `being_sent`, `revision_mismatch`.
 */
export async function resolveDelivery(
  ctx: Context,
  input: {
    organizationId: string;
    postId: string;
    deliveryId: string;
    resolution: Resolution;
    expectedRevision?: number | undefined;
  },
): Promise<Post> {
  const deliveryId = input.deliveryId.toLowerCase();
  for (;;) {
    const post = await getPost(ctx, input);
    const delivery = post.deliveries.find(({ id }) => id === deliveryId);
    if (!delivery) throw new DomainError('delivery_not_found', 'There is no such delivery of this post.');
    if (isResolved(delivery, input.resolution)) return post;
    assertRevision(post, input.expectedRevision);
    const resolved = await compareAndSet(ctx, post, (changeId) =>
      recordResolution(ctx.db, post, deliveryId, input.resolution, changeId),
    );
    if (resolved === 'made') return readBack(ctx, input, post);
    if (resolved === 'being_sent') {
      throw new DomainError(
        'being_sent',
        'It may be going out this very moment. Look at the account again in a few seconds, then decide.',
      );
    }
    if (resolved) return resolved;
  }
}
