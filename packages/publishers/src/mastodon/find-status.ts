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

/** Searches the account's statuses newer than the mark for the sent one. It uses no clock, since the server's may be wrong. */
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
  // A server without `since_id` lists the mark and older statuses after it.
  const markAt = list.findIndex((status) => status.id === mark);
  if (markAt !== -1) return { posts: list.slice(0, markAt), next: 'nothing' };
  const oldest = list.at(-1)?.id;
  // A short page need not be the last: servers filter after they count.
  if (oldest === undefined) return { posts: [], next: 'nothing' };
  // The same page again: the server has no `max_id`. After a full page there may be more.
  if (oldest === oldestSeen) return { posts: list, next: list.length < PAGE ? 'nothing' : 'out-of-reach' };
  return { posts: list, next: { cursor: oldest } };
}

const StatusList = Type.Array(StatusSchema);
