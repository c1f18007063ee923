import { Type } from 'typebox';
import { decode, type Done } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import { searchPages, type Ask, type Page, type Search } from '../look-up.ts';
import type { PublishCall } from '../publisher.ts';
import { authorUrn, headersOf } from './api.ts';
import { attachedTo } from './content.ts';
import { comparePost, PostSchema, type RemotePost } from './same-post.ts';

/** Tolerated difference between the database's clock and LinkedIn's. With less, our post could be missed and sent twice. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
const PAGE = 50;
/** Nobody writes 250 posts between a send and the look for it. */
const MAX_PAGES = 5;

/** Searches an organization's posts for the sent one. Skips posts that were there before the first send. */
export async function findPost<Unanswered extends { outcome: string }>(
  call: PublishCall,
  sentFrom: Date,
  ask: Ask<Unanswered>,
): Promise<Done<Search<RemotePost>> | Unanswered> {
  const { knownUrns } = call.evidence;
  const known: unknown[] = Array.isArray(knownUrns) ? knownUrns : [];
  const sinceMs = earliestMs(call, sentFrom);
  const sent = { text: call.text, attached: attachedTo(call) };
  return searchPages(ask, {
    maxPages: MAX_PAGES,
    request: (start) => postsRequest(call, start),
    read: (response, start) => readPage(response, start, sinceMs),
    compare: (post: RemotePost) => (known.includes(post.id) ? 'different' : comparePost(sent, post)),
  });
}

/** Requests an organization's posts, last modified first. */
export function postsRequest(call: PublishCall, start = '0'): HttpRequest {
  return {
    method: 'GET',
    path: '/rest/posts',
    query: { author: authorUrn(call.account), q: 'author', count: PAGE, start, sortBy: 'LAST_MODIFIED' },
    headers: { ...headersOf(call), 'x-restli-method': 'FINDER' },
  };
}

export function readPosts(response: HttpResponse): RemotePost[] | undefined {
  return decode(PostList, response)?.elements;
}

function readPage(
  response: HttpResponse,
  start: string | undefined,
  sinceMs: number,
): Page<RemotePost> | undefined {
  const all = readPosts(response);
  if (!all) return undefined;
  const posts = all.filter((post) => post.createdAt >= sinceMs);
  const oldest = all.at(-1);
  // Last modified first: when a page reaches back before the send, all later pages are older.
  const reachesBack = oldest !== undefined && oldest.lastModifiedAt < sinceMs && isNewestFirst(all);
  if (all.length === 0 || reachesBack) return { posts, next: 'nothing' };
  return { posts, next: { cursor: String(Number(start ?? 0) + all.length) } };
}

/** Checks the requested order. A list in another order must be read to its end. */
function isNewestFirst(posts: RemotePost[]): boolean {
  return posts.every((post, index) => post.lastModifiedAt <= (posts[index - 1] ?? post).lastModifiedAt);
}

/**
 * Older posts are not ours. Starts when the known posts were noted, if that is earlier than the send: a late post of an earlier
 * attempt must still be found.
 */
function earliestMs(call: PublishCall, sentFrom: Date): number {
  const { notedAt } = call.evidence;
  const notedMs = typeof notedAt === 'string' ? Date.parse(notedAt) : Number.POSITIVE_INFINITY;
  return Math.min(notedMs, sentFrom.getTime()) - CLOCK_TOLERANCE_MS;
}

const PostList = Type.Object({ elements: Type.Array(PostSchema) });
