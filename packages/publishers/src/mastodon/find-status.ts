import { Type } from 'typebox';
import { decode, type Done } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { searchPages, type Ask, type Page, type Search } from '../look-up.ts';
import type { PublishCall } from '../publisher.ts';
import { statusesRequest, StatusSchema, withoutOwnBoost, type RemoteStatus } from './api.ts';
import { compareStatus } from './same-status.ts';
import { choicesOf } from './settings.ts';
import { allMediaIds, allMediaUrls } from './uploads.ts';

const PAGE = 40;
/** Nobody writes 400 posts between a send and the look for it. */
const MAX_PAGES = 10;

/**
 * Looks for what was sent among the own statuses that are newer than the mark. No clock is involved: the server's may
 * be wrong.
 */
export async function findStatus<Unanswered extends { outcome: string }>(
  call: PublishCall,
  ask: Ask<Unanswered>,
): Promise<Done<Search<RemoteStatus>> | Unanswered> {
  const { newestStatusId: mark } = call.evidence;
  const since = typeof mark === 'string' ? mark : undefined;
  const sent = {
    text: call.text,
    spoilerText: choicesOf(call).spoilerText,
    hasMedia: call.media.length > 0,
    mediaIds: allMediaIds(call),
    mediaUrls: allMediaUrls(call),
  };
  return searchPages(ask, {
    maxPages: MAX_PAGES,
    request: (oldestSeen) => statusesRequest(call, { limit: PAGE, since_id: since, max_id: oldestSeen }),
    read: (response, oldestSeen) => readPage(response, since, oldestSeen),
    compare: (status: RemoteStatus) => compareStatus(sent, status),
  });
}

function readPage(
  response: HttpResponse,
  mark: string | undefined,
  oldestSeen: string | undefined,
): Page<RemoteStatus> | undefined {
  const list = decode(StatusList, response)?.map(withoutOwnBoost);
  if (!list) return undefined;
  // A server that does not know `since_id` shows the mark, and older ones after it.
  const markAt = list.findIndex((status) => status.id === mark);
  if (markAt !== -1) return { posts: list.slice(0, markAt), next: 'nothing' };
  const oldest = list.at(-1)?.id;
  // A page may be short and yet not the last: servers leave out what they filter after counting.
  if (oldest === undefined) return { posts: [], next: 'nothing' };
  // The same page again: the server does not know `max_id`, and there may be more behind a full one.
  if (oldest === oldestSeen) return { posts: list, next: list.length < PAGE ? 'nothing' : 'out-of-reach' };
  return { posts: list, next: { cursor: oldest } };
}

const StatusList = Type.Array(StatusSchema);
