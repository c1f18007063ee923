import type { Context } from '../context.ts';
import { writeDraft } from './create-post.ts';
import { getPost } from './get-post.ts';
import type { Post } from './post.ts';

/**
 * A draft with the text, the files, the channels and the choices of a post in whatever state: what has failed for its content is
 * changed there, and what should go out once more is published from there. The post itself stays as it is.
 *
 * @throws DomainError `post_not_found`.
 */
export async function duplicatePost(
  ctx: Pick<Context, 'db'>,
  input: { organizationId: string; postId: string },
): Promise<Post> {
  return writeDraft(ctx, input.organizationId, () => getPost(ctx, input));
}
