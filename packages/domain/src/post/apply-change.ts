import type { Context } from '../context.ts';
import { compareAndSet } from './compare-and-set.ts';
import { readBack } from './get-post.ts';
import { moveAlarm } from './move-alarm.ts';
import type { Post } from './post.ts';
import { changePost, type PostChange } from './post.repository.ts';

/**
 * Writes a change that was decided on `post` as it was read, and moves its alarm (best effort). Undefined: the post was
 * changed by somebody else since.
 */
export async function applyChange(ctx: Context, post: Post, change: PostChange): Promise<Post | undefined> {
  const { status, scheduledAt, content } = change;
  const key = { organizationId: post.organizationId, postId: post.id };
  const changed = await compareAndSet(ctx, post, (changeId) => changePost(ctx.db, post, change, changeId));
  if (!changed) return undefined;
  if (changed === 'made')
    return readBack(ctx, key, { ...post, status, scheduledAt, revision: post.revision + 1 });
  const alarmSetAt = await moveAlarm(ctx, {
    postId: post.id,
    from: post.scheduleJobId,
    to: scheduledAt && { revision: changed.revision, scheduledAt },
  });
  // Read again only if content was written: scheduling is called often and must be cheap.
  const known = { ...post, ...changed, status, scheduledAt, alarmSetAt };
  if (!content) return known;
  const { text, media, lateLimitMinutes } = content;
  return readBack(ctx, key, { ...known, text, media, lateLimitMinutes });
}
