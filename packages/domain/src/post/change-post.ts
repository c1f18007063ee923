import type { Context } from '../context.ts';
import { moveAlarm } from './move-alarm.ts';
import { getPost } from './get-post.ts';
import { assertRevision, type Post } from './post.ts';
import { changePost, type PostChange } from './post.repository.ts';

// Read, decide, compare-and-set: the shape of every change to a post that has not been fired.

const MAX_RACES = 5;

/**
 * Applies what `decide` makes of the post as it stands; `decide` throws to refuse and answers undefined when there is
 * nothing to do. When somebody else changed the post in between, it is read and decided again.
 */
export async function applyChange(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
  decide: (post: Post) => Promise<PostChange | undefined> | PostChange | undefined,
): Promise<Post> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const post = await getPost(ctx, input);
    assertRevision(post, input.expectedRevision);
    const change = await decide(post);
    if (!change) return post;
    const changed = await changePost(ctx.db, post, change);
    if (!changed) continue;
    await moveAlarm(ctx, {
      postId: post.id,
      from: post.scheduleJobId,
      to: change.scheduledAt && { revision: changed.revision, scheduledAt: change.scheduledAt },
    });
    return getPost(ctx, input);
  }
  throw new Error(`the post ${input.postId} changed ${MAX_RACES} times while one change was being decided`);
}
