import type { Context } from '../context.ts';
import { getPost } from './get-post.ts';
import { assertRevision, type Post } from './post.ts';

/** What a decision answers when somebody else has changed the post since it was read. */
export const RACED = Symbol('raced');

/**
 * Read, decide, compare-and-set: the shape of every change to a post. `decide` is given the post as it stands and
 * either carries the change out, throws to refuse it, or answers `RACED`; then the post is read and decided again.
 * That ends: each round that is lost is one that somebody else has won.
 *
 * @throws DomainError `post_not_found`, `revision_mismatch`, and what `decide` throws.
 */
export async function decideOnPost<T>(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
  decide: (post: Post) => Promise<T | typeof RACED>,
): Promise<T> {
  for (;;) {
    const post = await getPost(ctx, input);
    assertRevision(post, input.expectedRevision);
    const outcome = await decide(post);
    if (outcome !== RACED) return outcome;
  }
}
