import type { Shelf } from '../../world/posts.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { recordNotFound } from './refusals.ts';
import type { Rules } from './rules.ts';
import { presentStatus, type Status } from './status.ts';
import { mayRead } from './statuses.ts';

const defaultLimit = 20;
const maxLimit = 40;

/** The statuses of one account, newest first. `since_id` and `max_id` page from the newest, `min_id` from the oldest. */
export function timelineEndpoint(world: World, rules: Rules, statuses: Shelf<Status>): Endpoint {
  function list({ request, account, now, origin }: Call): Answer {
    const query = request.query as Record<string, string>;
    const { id: userId } = request.params as { id: string };
    const handle = world.handles.get(`mastodon ${userId}`);
    if (handle === undefined) return recordNotFound();

    const limit = Math.min(Math.abs(Number.parseInt(query['limit'] ?? '', 10)) || defaultLimit, maxLimit);
    const { since_id: since, max_id: max, min_id: min } = query;
    const onlyMedia = query['only_media'] === 'true';
    const found: Status[] = [];
    const own = statuses.ofAccount(handle);
    // From the newest on, until the page is full; `min_id` needs all, because its page is at the old end.
    for (let index = own.length - 1; index >= 0 && (min !== undefined || found.length < limit); index -= 1) {
      const status = own[index];
      if (!status || !isAfter(status.id, since) || !isAfter(status.id, min)) break;
      const isListed = status.visibility === 'public' || rules.listsOwnNonPublic;
      const isShown = isListed && status.visibleAt <= now && mayRead(status, account.id);
      const isWanted = isBefore(status.id, max) && (!onlyMedia || status.attachments.length > 0);
      if (isShown && isWanted) found.push(status);
    }
    const shown = found.slice(-limit);
    return {
      status: 200,
      headers: linkHeader(shown, request.url, origin),
      body: shown.map((status) => presentStatus(status, { origin, statuses })),
    };
  }
  return { method: 'GET', url: '/api/v1/accounts/:id/statuses', step: 'lookup', answer: list };
}

/** The server reads an id that is not a number as 0. */
const numberOf = (id: string) => (/^\d+$/.test(id) ? BigInt(id) : 0n);
const isAfter = (id: string, bound: string | undefined) =>
  bound === undefined || numberOf(id) > numberOf(bound);
const isBefore = (id: string, bound: string | undefined) =>
  bound === undefined || numberOf(id) < numberOf(bound);

function linkHeader(shown: Status[], url: string, origin: string): Record<string, string> {
  const [newest, oldest] = [shown[0], shown.at(-1)];
  if (!newest || !oldest) return {};
  const path = `${origin}${url.split('?')[0] ?? ''}`;
  return {
    link: `<${path}?max_id=${oldest.id}>; rel="next", <${path}?min_id=${newest.id}>; rel="prev"`,
  };
}
