import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Post, PostStatus } from './post.ts';
import { findPosts } from './post.repository.ts';

/**
 * Newest first, with keyset pagination: a page stays right while posts are added above it.
 * @throws DomainError `invalid_cursor` when `cursor` was not given out by this function.
 */
export async function listPosts(
  ctx: Pick<Context, 'db'>,
  input: {
    organizationId: string;
    status?: PostStatus | undefined;
    from?: Date | undefined;
    to?: Date | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ posts: Post[]; nextCursor: string | null }> {
  const { cursor, ...filter } = input;
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const posts = await withRetry(() => findPosts(ctx.db, { ...filter, after, limit: input.limit + 1 }));
  const page = posts.slice(0, input.limit);
  const last = page.at(-1);
  return { posts: page, nextCursor: posts.length > page.length && last ? encodeCursor(last) : null };
}

function encodeCursor(post: Pick<Post, 'createdAt' | 'id'>): string {
  return Buffer.from(`${post.createdAt.toISOString()} ${post.id}`).toString('base64url');
}

function decodeCursor(cursor: string): { createdAt: Date; id: string } {
  const match = /^(\d{4}-\d\d-\d\dT\S+Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
    Buffer.from(cursor, 'base64url').toString(),
  );
  const createdAt = new Date(match?.[1] ?? '');
  if (!match?.[2] || Number.isNaN(createdAt.getTime())) {
    throw new DomainError('invalid_cursor', 'The cursor is not one that a list of posts has given out.', {
      errors: [{ pointer: '/cursor', code: 'cursor', detail: 'must be a nextCursor of an earlier page' }],
    });
  }
  return { createdAt, id: match[2] };
}
