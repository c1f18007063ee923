import type { Context } from '../context.ts';
import { decideOnPost, RACED } from './decide-on-post.ts';
import { readBack } from './get-post.ts';
import { moveAlarm } from './move-alarm.ts';
import type { Post } from './post.ts';
import { changePost, type PostChange } from './post.repository.ts';

/**
 * Applies what `decide` makes of the post as it stands; `decide` throws to refuse and answers undefined when there is
 * nothing to do. Once the row is committed the alarm follows it, as well as it can.
 */
export async function applyChange(
  ctx: Context,
  input: { organizationId: string; postId: string; expectedRevision?: number | undefined },
  decide: (post: Post) => Promise<PostChange | undefined> | PostChange | undefined,
): Promise<Post> {
  return decideOnPost(ctx, input, async (post, { changeId, assertCurrent }) => {
    const change = await decide(post);
    if (!change) return post;
    assertCurrent();
    const changed = await changePost(ctx.db, post, change, changeId);
    if (!changed) return RACED;
    const alarmSetAt = await moveAlarm(ctx, {
      postId: post.id,
      from: post.scheduleJobId,
      to: change.scheduledAt && { revision: changed.revision, scheduledAt: change.scheduledAt },
    });
    // Read again only where rows were written that are not at hand; scheduling is called often and must be cheap.
    const { status, scheduledAt } = change;
    const known = { ...post, ...changed, status, scheduledAt, alarmSetAt };
    if (!change.content) return known;
    const { text, media, lateLimitMinutes } = change.content;
    return readBack(ctx, input, { ...known, text, media, lateLimitMinutes });
  });
}
