import type { Shelf } from '../../world/posts.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { invalidRequest, notFound } from './refusals.ts';
import { knownFields, presentTweet, type Tweet } from './tweet.ts';

const lookupParameters = ['tweet.fields', 'expansions', 'media.fields', 'user.fields'];
const timelineParameters = [
  ...lookupParameters,
  'since_id',
  'until_id',
  'max_results',
  'exclude',
  'pagination_token',
];

/** The reading calls: one tweet, or the newest tweets of one author. */
export function timelineEndpoints(world: World, tweets: Shelf<Tweet>): Endpoint[] {
  function list({ request, now }: Call): Answer {
    const query = request.query as Record<string, string>;
    const refusal = checkQuery(query, timelineParameters);
    if (refusal) return refusal;
    const { id: userId } = request.params as { id: string };
    const handle = world.handles.get(`x ${userId}`);
    if (handle === undefined) return notFound('user', userId);

    const limit = Number(query['max_results'] ?? '10');
    const before = lowerOf(query['until_id'], query['pagination_token']);
    const excluded = query['exclude']?.split(',') ?? [];
    const found: Tweet[] = [];
    const posts = tweets.ofAccount(handle);
    // From the newest on. One more than the limit is collected, to know whether there is a next page.
    for (let index = posts.length - 1; index >= 0 && found.length <= limit; index -= 1) {
      const tweet = posts[index];
      if (!tweet || (query['since_id'] !== undefined && !isNewer(tweet.id, query['since_id']))) break;
      if (before !== undefined && !isNewer(before, tweet.id)) continue;
      if (tweet.visibleAt > now || (excluded.includes('replies') && tweet.inReplyTo !== undefined)) continue;
      found.push(tweet);
    }
    return { status: 200, body: page(found, limit, fieldsOf(query)) };
  }

  function read({ request, now }: Call): Answer {
    const query = request.query as Record<string, string>;
    const refusal = checkQuery(query, lookupParameters);
    if (refusal) return refusal;
    const { id } = request.params as { id: string };
    const tweet = tweets.find(id);
    if (!tweet || tweet.visibleAt > now) return notFound('tweet', id);
    return { status: 200, body: { data: presentTweet(tweet, fieldsOf(query)) } };
  }

  return [
    { method: 'GET', url: '/2/users/:id/tweets', step: 'lookup', answer: list },
    { method: 'GET', url: '/2/tweets/:id', step: 'lookup', answer: read },
  ];
}

function page(found: Tweet[], limit: number, fields: string[]) {
  const shown = found.slice(0, limit);
  const newest = shown[0];
  const oldest = shown.at(-1);
  // An empty list has no `data` at all.
  if (!newest || !oldest) return { meta: { result_count: 0 } };
  return {
    data: shown.map((tweet) => presentTweet(tweet, fields)),
    meta: {
      result_count: shown.length,
      newest_id: newest.id,
      oldest_id: oldest.id,
      ...(found.length > limit && { next_token: oldest.id }),
    },
  };
}

function checkQuery(query: Record<string, string>, known: string[]): Answer | undefined {
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name)) {
      return invalidRequest(`The query parameter [${name}] is not one of [${known.join(',')}]`, {
        [name]: [value],
      });
    }
    const rule = rules[name];
    if (rule && !rule.test(value)) {
      return invalidRequest(`The \`${name}\` query parameter value [${value}] is not valid`, {
        [name]: [value],
      });
    }
  }
  const unknownField = fieldsOf(query).find((field) => !knownFields.includes(field));
  return unknownField === undefined
    ? undefined
    : invalidRequest(`The \`tweet.fields\` query parameter value [${unknownField}] is not known here`, {
        'tweet.fields': [unknownField],
      });
}

const numericId = /^[0-9]{1,19}$/;
const rules: Record<string, RegExp> = {
  since_id: numericId,
  until_id: numericId,
  pagination_token: numericId,
  max_results: /^([5-9]|[1-9][0-9]|100)$/,
  exclude: /^(replies|retweets)(,(replies|retweets))?$/,
};

const fieldsOf = (query: Record<string, string>) => query['tweet.fields']?.split(',') ?? [];

/** Ids are too long for `number`, so they are compared by length and then as strings. */
const isNewer = (id: string, other: string) =>
  id.length === other.length ? id > other : id.length > other.length;

function lowerOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isNewer(one, other) ? other : one;
}
