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
  const empty = { text: '', media: [], deliveries: [] };
  const content = await resolveContent(ctx, input.organizationId, input.content, empty);
  const postId = await insertPost(ctx.db, input.organizationId, content);
  return getPost(ctx, { organizationId: input.organizationId, postId });
}
