import { Type } from 'typebox';
import { decode } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { statusesRequest, StatusSchema, type RemoteStatus } from './api.ts';
import { compareStatus, type Likeness } from './same-status.ts';
import { allMediaIds } from './uploads.ts';

const PAGE = 40;
/** Nobody writes 400 posts between a send and the look for it. */
const MAX_PAGES = 10;

export interface Search {
  found: RemoteStatus | null;
  likeness: Likeness;
  /** Every status that could be ours was looked at. */
  complete: boolean;
}

type Done<T> = { outcome: 'done'; value: T };
type Read<T> = (response: HttpResponse) => T | undefined;

/**
 * Looks for what was sent among the own statuses that are newer than the mark. No clock is involved: the server's may
 * be wrong. `ask` makes each read, and says what a failed one means: another try before sending, another question while
 * reconciling.
 */
export async function findStatus<Unread extends { outcome: string }>(
  call: PublishCall,
  ask: <T>(request: HttpRequest, read: Read<T>) => Promise<Done<T> | Unread>,
): Promise<Done<Search> | Unread> {
  const { newestStatusId: mark } = call.witness;
  const sent = { text: call.text, hasMedia: call.media.length > 0, mediaIds: allMediaIds(call) };
  let likeness: Likeness = 'different';
  let oldestSeen: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const since = typeof mark === 'string' ? mark : undefined;
    const request = statusesRequest(call, { limit: PAGE, since_id: since, max_id: oldestSeen });
    const listed = await ask(request, (response) => decode(StatusList, response));
    if (!isDone(listed)) return listed;

    // A server that does not know `since_id` shows the mark, and older ones after it.
    const markAt = listed.value.findIndex((status) => status.id === mark);
    const newer = markAt === -1 ? listed.value : listed.value.slice(0, markAt);
    for (const status of newer) {
      const compared = compareStatus(sent, status);
      if (compared === 'same') return done({ found: status, likeness: compared, complete: true });
      if (compared === 'similar') likeness = compared;
    }
    const oldest = listed.value.at(-1)?.id;
    // A page may be short and yet not the last: servers leave out what they filter after counting.
    if (oldest === undefined || markAt !== -1) return done({ found: null, likeness, complete: true });
    // The same page again: the server does not know `max_id`, and there may be more behind a full one.
    if (oldest === oldestSeen) {
      return done({ found: null, likeness, complete: listed.value.length < PAGE });
    }
    oldestSeen = oldest;
  }
  return done({ found: null, likeness, complete: false });
}

function isDone<T>(asked: Done<T> | { outcome: string }): asked is Done<T> {
  return asked.outcome === 'done';
}

function done<T>(value: T): Done<T> {
  return { outcome: 'done', value };
}

const StatusList = Type.Array(StatusSchema);
