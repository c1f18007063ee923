import type { Context } from '../context.ts';
import { refirePost } from '../delivery/firing.repository.ts';
import { DomainError } from '../errors.ts';
import { enqueueDeliveries } from '../publishing/enqueue-deliveries.ts';
import { checkPost } from './check-post.ts';
import { decideOnPost, RACED } from './decide-on-post.ts';
import { readBack } from './get-post.ts';
import type { Post } from './post.ts';

/**
 * Tries again what failed, and only that: what is published stays, and what is uncertain is never sent again, because
 * it may be out. Resolves when the post is `publishing`.
 *
 * @throws DomainError `post_not_found`, `nothing_to_retry`, `invalid_post`, `revision_mismatch`.
 */
export async function retryPost(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
): Promise<Post> {
  return decideOnPost(ctx, input, async (post, { changeId, assertCurrent }) => {
    const failed = post.deliveries.filter((delivery) => delivery.status === 'failed');
    if (!['failed', 'partially_published'].includes(post.status) || failed.length === 0) {
      throw new DomainError('nothing_to_retry', `There is nothing to try again. ${explain(post)}`);
    }
    assertCurrent();
    // What is on a disconnected account fails again and says so; it must not keep the others from going out.
    const connected = failed.filter((delivery) => delivery.channelStatus === 'active');
    await checkPost(ctx, { ...post, deliveries: connected.length > 0 ? connected : failed });
    const deliveries = await refirePost(ctx.db, { ...post, changeId });
    if (deliveries.length === 0) return RACED;
    await enqueueDeliveries(ctx, deliveries);
    return readBack(ctx, input, { ...post, status: 'publishing', revision: post.revision + 1 });
  });
}

function explain(post: Post): string {
  const uncertain = post.deliveries.find((delivery) => delivery.status === 'uncertain');
  if (uncertain)
    return `On ${uncertain.platform} it may be out already: look at the account before you post again.`;
  return `The post is ${post.status}.`;
}
