import type { Context } from '../context.ts';
import { writeDraft } from './create-post.ts';
import { getPost } from './get-post.ts';
import type { Post } from './post.ts';

/**
 * Creates a draft with the text, files, channels and settings of a post in any state. So a failed post can be corrected, and
 * any post can be published once more. The post itself stays as it is.
 * @throws DomainError `post_not_found`.
 */
export async function duplicatePost(
  ctx: Pick<Context, 'db'>,
  input: { organizationId: string; postId: string },
): Promise<Post> {
  return writeDraft(ctx, input.organizationId, () => getPost(ctx, input));
}
