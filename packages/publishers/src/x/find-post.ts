import { Type } from 'typebox';
import { bearer, decode } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { comparePost, PostSchema, type Likeness, type RemotePost } from './same-post.ts';

/** The database's clock against X's. Too small would miss our own post, and send it again. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** Each post that is read is billed, and nobody writes 500 posts in two minutes. */
const MAX_PAGES = 5;

export interface Search {
  found: RemotePost | null;
  likeness: Likeness;
  /** Every post that could be ours was looked at. */
  complete: boolean;
}

type Done<T> = { outcome: 'done'; value: T };
type Read<T> = (response: HttpResponse) => T | undefined;

/**
 * Looks for the sent text among the author's posts that are newer than the mark. `ask` makes each read, and says what
 * a failed one means: another try before sending, another question while reconciling.
 */
export async function findPost<Unread extends { outcome: string }>(
  call: PublishCall,
  sentFrom: Date,
  ask: <T>(request: HttpRequest, read: Read<T>) => Promise<Done<T> | Unread>,
): Promise<Done<Search> | Unread> {
  const since = earliestMs(call, sentFrom);
  let likeness: Likeness = 'different';
  let pageToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed = await ask(timelineRequest(call, pageToken), readPosts);
    if (!isDone(listed)) return listed;

    const posts = listed.value.data ?? [];
    for (const post of posts.filter((candidate) => Date.parse(candidate.created_at) >= since)) {
      const compared = comparePost({ text: call.text, hasMedia: call.media.length > 0 }, post);
      if (compared === 'same') return done({ found: post, likeness: compared, complete: true });
      if (compared === 'similar') likeness = compared;
    }
    pageToken = listed.value.meta?.next_token;
    // Newest first: once a page reaches back before the sending, the rest is older still.
    const reachedBack = posts.some((post) => Date.parse(post.created_at) < since);
    if (pageToken === undefined || reachedBack) return done({ found: null, likeness, complete: true });
  }
  return done({ found: null, likeness, complete: false });
}

function timelineRequest(call: PublishCall, pageToken: string | undefined): HttpRequest {
  const { newestPostId } = call.witness;
  return {
    method: 'GET',
    path: `/2/users/${encodeURIComponent(call.account.remoteAccountId)}/tweets`,
    headers: bearer(call),
    query: {
      since_id: typeof newestPostId === 'string' ? newestPostId : undefined,
      max_results: 100,
      exclude: 'retweets',
      'tweet.fields': 'created_at,entities,attachments',
      pagination_token: pageToken,
    },
  };
}

/** As with the mark: no list, and no count of zero, is no statement about the posts. */
function readPosts(response: HttpResponse): Type.Static<typeof PostList> | undefined {
  const list = decode(PostList, response);
  return list?.data !== undefined || list?.meta?.result_count === 0 ? list : undefined;
}

/**
 * Posts before this are not ours. Counted from the noting of the mark where that is earlier: a post of the attempt
 * before this one, that shows only now, must still be found.
 */
function earliestMs(call: PublishCall, sentFrom: Date): number {
  const { notedAt } = call.witness;
  const notedMs = typeof notedAt === 'string' ? Date.parse(notedAt) : Number.POSITIVE_INFINITY;
  return Math.min(notedMs, sentFrom.getTime()) - CLOCK_TOLERANCE_MS;
}

function isDone<T>(asked: Done<T> | { outcome: string }): asked is Done<T> {
  return asked.outcome === 'done';
}

function done<T>(value: T): Done<T> {
  return { outcome: 'done', value };
}

const PostList = Type.Object({
  data: Type.Optional(Type.Array(PostSchema)),
  meta: Type.Optional(
    Type.Object({ result_count: Type.Optional(Type.Number()), next_token: Type.Optional(Type.String()) }),
  ),
});
