import { isDeepStrictEqual } from 'node:util';
import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { applyChange } from './apply-change.ts';
import { checkPost } from './check-post.ts';
import { getPost } from './get-post.ts';
import { assertEditable, assertRevision, type Post } from './post.ts';
import type { PostContent } from './post.repository.ts';
import { resolveContent, type ContentInput } from './resolve-content.ts';

/**
 * Changes the content and the channels of a draft or a scheduled post; `status: 'draft'` also takes it off the schedule. An
 * edit that was accepted before the post fired is what goes out.
 * @throws DomainError `post_not_found`, `invalid_post`, `post_locked`, `revision_mismatch`.
 */
export async function editPost(
  ctx: Context,
  input: {
    organizationId: string;
    postId: string;
    content: ContentInput;
    status?: 'draft' | undefined;
    expectedRevision?: number | undefined;
  },
): Promise<Post> {
  for (;;) {
    const post = await getPost(ctx, input);
    assertEditable(post, 'edited');
    const status = input.status ?? (post.status === 'scheduled' ? 'scheduled' : 'draft');
    const content = await withRetry(() => resolveContent(ctx, input.organizationId, input.content, post));
    if (status === post.status && isSame(post, content)) return post;
    // What stays scheduled must stay publishable.
    if (status === 'scheduled') await checkPost(ctx, content);
    assertRevision(post, input.expectedRevision);
    const scheduledAt = status === 'scheduled' ? post.scheduledAt : null;
    const edited = await applyChange(ctx, post, { status, scheduledAt, content });
    if (edited) return edited;
  }
}

function isSame(before: PostContent, after: PostContent): boolean {
  const essence = ({ text, media, deliveries, lateLimitMinutes }: PostContent) => ({
    text,
    lateLimitMinutes,
    media: media.map(({ id }) => id),
    deliveries: Object.fromEntries(
      deliveries.map(({ channelId, textOverride, settings }) => [channelId, { textOverride, settings }]),
    ),
  });
  return isDeepStrictEqual(essence(before), essence(after));
}
