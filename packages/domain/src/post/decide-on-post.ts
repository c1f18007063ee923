import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { getPost } from './get-post.ts';
import { assertRevision, type Post } from './post.ts';

/** What a decision answers when somebody else has changed the post since it was read. */
export const RACED = Symbol('raced');

/**
 * Read, decide, compare-and-set: the shape of every change to a post. `decide` is given the post as it stands and
 * either carries the change out, throws to refuse it, or answers `RACED`; then the post is read and decided again.
 * That ends: each round that is lost is one that somebody else has won. It calls `assertCurrent` before it changes
 * anything: what is already as it was asked for is no conflict, whatever the revision.
 *
 * @throws DomainError `post_not_found`, `revision_mismatch`, and what `decide` throws.
 */
export async function decideOnPost<T>(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
  decide: (post: Post, assertCurrent: () => void) => Promise<T | typeof RACED>,
): Promise<T> {
  let lost: Error | undefined;
  const decideOnce = async () => {
    const post = await getPost(ctx, input);
    return decide(post, () => {
      // The newer revision may be our own, whose answer was lost: nobody can tell, so nobody is told "refused".
      if (lost !== undefined && input.expectedRevision !== undefined) throw lost;
      assertRevision(post, input.expectedRevision);
    });
  };
  for (;;) {
    // A database that restarts is waited for. When the answer to a change got lost, the post is read again and the
    // decision is made on what it says now: what was carried out already is found done.
    const outcome = await withRetry(decideOnce, { onRetry: (error) => (lost = error as Error) });
    if (outcome !== RACED) return outcome;
  }
}
