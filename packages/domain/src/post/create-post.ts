import { withRetry } from '@solospark/db';
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { getPost } from './get-post.ts';
import type { Post } from './post.ts';
import { insertPost, isMediaGone, type PostContent } from './post.repository.ts';
import { resolveContent, type ContentInput } from './resolve-content.ts';

/**
 * Creates a draft. It may still break a platform's rules; a scheduled post may not.
 * @throws DomainError `invalid_post`.
 */
export async function createPost(
  ctx: Context,
  input: { organizationId: string; content: ContentInput },
): Promise<Post> {
  const empty = { text: '', media: [], deliveries: [], lateLimitMinutes: null };
  const { organizationId } = input;
  return writeDraft(ctx, organizationId, () => resolveContent(ctx, organizationId, input.content, empty));
}

/** `readContent` is called again if a file was removed between reading and writing. */
export async function writeDraft(
  ctx: Pick<Context, 'db'>,
  organizationId: string,
  readContent: () => Promise<PostContent>,
): Promise<Post> {
  // The id is chosen here, so that an insertion whose answer was lost can be repeated.
  const id = randomUUID();
  const write = async () => {
    const content = await withRetry(readContent);
    // The content is not read again once the post may have been inserted: a refusal would then be untrue.
    await withRetry(() => insertPost(ctx.db, { id, organizationId, content }));
  };
  try {
    await write();
  } catch (error) {
    if (!isMediaGone(error)) throw error;
    // Reading the content again names the file that is missing.
    await write();
  }
  return getPost(ctx, { organizationId, postId: id });
}
