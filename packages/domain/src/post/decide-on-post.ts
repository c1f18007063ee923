import { randomUUID } from 'node:crypto';
import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findChange } from './change.repository.ts';
import { getPost } from './get-post.ts';
import { assertRevision, type Post } from './post.ts';

/** What a decision answers when somebody else has changed the post since it was read. */
export const RACED = Symbol('raced');

/** What a decision that changes something needs. */
export interface Deciding {
  /** Written down with the change, so that it is recognised when its answer is lost. */
  changeId: string;
  /** Called before anything is changed: what is already as it was asked for is no conflict, whatever the revision. */
  assertCurrent: () => void;
}

/**
 * Read, decide, compare-and-set: the shape of every change to a post. `decide` is given the post as it stands and
 * either carries the change out, throws to refuse it, or answers `RACED`; then the post is read and decided again.
 * That ends: each round that is lost is one that somebody else has won.
 *
 * A database that restarts is waited for. When the answer to a change got lost, the change is looked for: made, it is not
 * made again, whatever others have decided since, and the post is answered as it stands. Not made, it is decided anew.
 *
 * `whenGone` is what to answer when the change was made and the post has been deleted since.
 * @throws DomainError `post_not_found`, `revision_mismatch`, and what `decide` throws.
 */
export async function decideOnPost<T>(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
  decide: (post: Post, deciding: Deciding) => Promise<T | typeof RACED>,
  whenGone?: () => T,
): Promise<T | Post> {
  const changeId = randomUUID();
  /** The first revision on which the change was tried without an answer. */
  let triedOn: number | undefined;
  let lost: Error | undefined;

  async function decideOnce(): Promise<T | Post | typeof RACED> {
    const post = await readPost();
    if (lost !== undefined && (await isMade(lost))) {
      const now = await readPost();
      if (now) return now;
      if (whenGone) return whenGone();
      throw lost;
    }
    if (!post) return getPost(ctx, input);
    const assertCurrent = () => {
      assertRevision(post, input.expectedRevision);
      triedOn ??= post.revision;
    };
    try {
      const outcome = await decide(post, { changeId, assertCurrent });
      if (outcome === RACED && lost === undefined) triedOn = undefined;
      return outcome;
    } catch (error) {
      // The statement whose answer was lost may yet be carried out: nobody is told "refused".
      if (lost !== undefined && post.revision === triedOn && error instanceof DomainError) throw lost;
      throw error;
    }
  }

  async function isMade(unanswered: Error): Promise<boolean> {
    if (triedOn === undefined) return false;
    const fate = await findChange(ctx.db, { postId: input.postId, changeId, triedOn });
    if (fate === 'unknown') throw unanswered;
    return fate === 'made';
  }

  const readPost = () =>
    getPost(ctx, input).catch((error: unknown) => {
      // Deleted since: whether the change had been made before decides on the answer.
      if (lost !== undefined && error instanceof DomainError) return undefined;
      throw error;
    });

  for (;;) {
    const outcome = await withRetry(decideOnce, {
      onRetry: (error) => {
        if (triedOn !== undefined) lost = error as Error;
      },
    });
    if (outcome !== RACED) return outcome;
  }
}
