import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Post } from './post.ts';
import { findPost } from './post.repository.ts';

/** @throws DomainError `post_not_found`, also for a post of another organization. */
export async function getPost(
  ctx: Pick<Context, 'db'>,
  input: { organizationId: string; postId: string },
): Promise<Post> {
  const post = await withRetry(() => findPost(ctx.db, input));
  if (!post) throw new DomainError('post_not_found', 'There is no such post in this organization.');
  return post;
}

/**
 * Reads a post after a change. If somebody else has deleted it since, returns `known`: the change was made, and "not found"
 * would deny that.
 */
export async function readBack(
  ctx: Pick<Context, 'db'>,
  input: { organizationId: string; postId: string },
  known: Post,
): Promise<Post> {
  return (await withRetry(() => findPost(ctx.db, input))) ?? known;
}
