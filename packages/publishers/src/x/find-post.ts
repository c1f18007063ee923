import { Type } from 'typebox';
import { bearer, decode, type Done } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import { searchPages, type Ask, type Page, type Search } from '../look-up.ts';
import type { PublishCall } from '../publisher.ts';
import { comparePost, PostSchema, type RemotePost } from './same-post.ts';

/** Tolerated difference between the database's clock and X's. With less, our post could be missed and sent twice. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** X bills every post that is read, and nobody writes 500 posts in two minutes. */
const MAX_PAGES = 5;

/** Searches the author's posts newer than the mark for the sent one. */
export async function findPost<Unanswered extends { outcome: string }>(
  call: PublishCall,
  sentFrom: Date,
  ask: Ask<Unanswered>,
): Promise<Done<Search<RemotePost>> | Unanswered> {
  const sinceMs = earliestMs(call, sentFrom);
  const sent = { text: call.text, mediaCount: call.media.length };
  return searchPages(ask, {
    maxPages: MAX_PAGES,
    request: (pageToken) => timelineRequest(call, pageToken),
    read: (response) => readPage(response, sinceMs),
    compare: (post: RemotePost) => comparePost(sent, post),
  });
}

function timelineRequest(call: PublishCall, pageToken: string | undefined): HttpRequest {
  const { newestPostId } = call.evidence;
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

/** An answer without a list and without a count of zero says nothing about the posts. */
function readPage(response: HttpResponse, sinceMs: number): Page<RemotePost> | undefined {
  const list = decode(PostList, response);
  if (!list || (list.data === undefined && list.meta?.result_count !== 0)) return undefined;
  const all = list.data ?? [];
  const posts = all.filter((post) => Date.parse(post.created_at) >= sinceMs);
  const cursor = list.meta?.next_token;
  // Newest first: when a page reaches back before the send, all later pages are older.
  const reachesBack = posts.length < all.length;
  return { posts, next: cursor === undefined || reachesBack ? 'nothing' : { cursor } };
}

/**
 * Older posts are not ours. Starts when the mark was noted, if that is earlier than the send: a late post of an earlier attempt
 * must still be found.
 */
function earliestMs(call: PublishCall, sentFrom: Date): number {
  const { notedAt } = call.evidence;
  const notedMs = typeof notedAt === 'string' ? Date.parse(notedAt) : Number.POSITIVE_INFINITY;
  return Math.min(notedMs, sentFrom.getTime()) - CLOCK_TOLERANCE_MS;
}

const PostList = Type.Object({
  data: Type.Optional(Type.Array(PostSchema)),
  meta: Type.Optional(
    Type.Object({ result_count: Type.Optional(Type.Number()), next_token: Type.Optional(Type.String()) }),
  ),
});
