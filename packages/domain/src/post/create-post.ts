import { withRetry } from '@solospark/db';
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { getPost } from './get-post.ts';
import type { Post } from './post.ts';
import { insertPost } from './post.repository.ts';
import { resolveContent, type ContentInput } from './resolve-content.ts';

/** Writes a draft. It may still break a platform's rules; scheduling it may not. */
export async function createPost(
  ctx: Context,
  input: { organizationId: string; content: ContentInput },
): Promise<Post> {
  const empty = { text: '', media: [], deliveries: [], lateLimitMinutes: null };
  const content = await withRetry(() => resolveContent(ctx, input.organizationId, input.content, empty));
  // The id is chosen here, so that an insertion whose answer was lost can be repeated.
  const post = { id: randomUUID(), organizationId: input.organizationId, content };
  await withRetry(() => insertPost(ctx.db, post));
  return getPost(ctx, { organizationId: post.organizationId, postId: post.id });
}
