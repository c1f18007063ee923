import { Type, type Static } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Shelf } from '../../world/posts.ts';
import { createDuplicates } from '../duplicates.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { findOwnMedia, invalidMediaIds, stateOf, type UploadedMedia } from './media.ts';
import { duplicateContent, forbidden, invalidRequest } from './refusals.ts';
import { renderText, type Tweet, type TweetMedia } from './tweet.ts';
import { weightedLength } from './weighted-length.ts';

const strict = { additionalProperties: false };
const numericId = Type.String({ pattern: '^[0-9]{1,19}$' });
const flag = Type.Optional(Type.Boolean());
const replySettings = Type.Enum(['following', 'mentionedUsers', 'subscribers', 'verified']);

/** `CreatePostsRequest`; unknown fields are refused. */
const CreateBody = Type.Object(
  {
    text: Type.Optional(Type.String()),
    media: Type.Optional(
      Type.Object(
        {
          media_ids: Type.Array(numericId, { minItems: 1, maxItems: 4 }),
          tagged_user_ids: Type.Optional(Type.Array(numericId, { maxItems: 10 })),
          // The other fields are for advertisers.
          title: Type.Optional(Type.String()),
          description: Type.Optional(Type.String()),
          embeddable: flag,
        },
        strict,
      ),
    ),
    reply: Type.Optional(
      Type.Object(
        {
          in_reply_to_tweet_id: numericId,
          exclude_reply_user_ids: Type.Optional(Type.Array(Type.String())),
          auto_populate_reply_metadata: flag,
        },
        strict,
      ),
    ),
    card_uri: Type.Optional(Type.String()),
    community_id: Type.Optional(numericId),
    direct_message_deep_link: Type.Optional(Type.String()),
    edit_options: Type.Optional(Type.Object({ previous_post_id: numericId }, strict)),
    for_super_followers_only: flag,
    geo: Type.Optional(Type.Object({ place_id: Type.String() }, strict)),
    made_with_ai: flag,
    nullcast: flag,
    paid_partnership: flag,
    poll: Type.Optional(
      Type.Object(
        {
          options: Type.Array(Type.String({ minLength: 1, maxLength: 25 }), { minItems: 2, maxItems: 4 }),
          duration_minutes: Type.Integer({ minimum: 5, maximum: 10_080 }),
          reply_settings: Type.Optional(replySettings),
        },
        strict,
      ),
    ),
    quote_tweet_id: Type.Optional(numericId),
    reply_settings: Type.Optional(replySettings),
    share_with_followers: flag,
  },
  strict,
);
type CreateBody = Static<typeof CreateBody>;

const maxWeight = 280;
const exclusive = ['poll', 'quote_tweet_id', 'direct_message_deep_link', 'media', 'card_uri'] as const;

export function tweetEndpoints(
  world: World,
  rules: { duplicateWindowMs: number; pollsUntilReady: number },
  tweets: Shelf<Tweet>,
  media: BoundedMap<string, UploadedMedia>,
  nextId: () => string,
): Endpoint[] {
  const duplicates = createDuplicates(world);

  function create({ request, account, now, origin, alteration }: Call): Answer {
    const problem = findProblem(CreateBody, request.body);
    if (problem) return invalidRequest(`$.${problem.field}: ${problem.rule}`);
    const body = request.body as CreateBody;
    if (exclusive.filter((field) => body[field] !== undefined).length > 1) {
      return invalidRequest(`You can only provide one of ${exclusive.join(', ')}.`);
    }
    const text = body.text ?? '';
    if (text.trim() === '' && (!body.media || body.text !== undefined)) {
      return invalidRequest('$.text: must not be empty', { text: [text] });
    }
    if (weightedLength(text) > maxWeight) return forbidden('You are not permitted to perform this action.');
    const attached = attach(body.media?.media_ids ?? [], account.id, now);
    if (!attached) return invalidMediaIds(body.media?.media_ids ?? []);
    if (attached.length > 1 && attached.some(({ kind }) => kind !== 'image')) {
      return invalidRequest('You may attach up to 4 photos, 1 animated GIF or 1 video in a Post.');
    }
    const inReplyTo = body.reply?.in_reply_to_tweet_id;
    if (inReplyTo !== undefined && !tweets.find(inReplyTo)) {
      return forbidden('You attempted to reply to a Tweet that is deleted or not visible to you.');
    }
    const quoted = body.quote_tweet_id;
    if (quoted !== undefined && !tweets.find(quoted)) {
      return forbidden('You attempted to quote a Tweet that is deleted or not visible to you.');
    }
    const edited = body.edit_options?.previous_post_id;
    if (edited !== undefined) return forbidden('You are not permitted to edit this Tweet.');
    const said = text.normalize('NFC').trim();
    // The refusal does not name the earlier post. Deleting that post does not end the refusal.
    if (said !== '' && duplicates.findEarlier(account.handle, said, now, rules.duplicateWindowMs)) {
      return duplicateContent();
    }

    const id = nextId();
    const tweet: Tweet = {
      account: account.handle,
      authorId: account.id,
      id,
      url: `${origin}/x/${account.handle}/status/${id}`,
      text,
      media: attached,
      settings: settingsOf(body),
      createdAt: now,
      visibleAt: now + (alteration('delayed-visibility')?.ms ?? 0),
      ...(inReplyTo !== undefined && { inReplyTo }),
      ...(quoted !== undefined && { quoted }),
    };
    tweets.add(tweet);
    duplicates.remember(account.handle, said, now, id);
    return {
      status: 201,
      body: { data: { id, text: renderText(tweet).text, edit_history_post_ids: [id] } },
    };
  }

  function attach(ids: string[], ownerId: string, now: number): TweetMedia[] | undefined {
    const found = ids.flatMap((id) => findOwnMedia(media, id, ownerId, now) ?? []);
    const ready = found.filter((uploaded) => stateOf(uploaded, rules) === 'ready');
    return ready.length === ids.length
      ? ready.map(({ imageId, kind, mediaKey, altText }) => ({
          imageId,
          kind,
          mediaKey,
          ...(altText !== undefined && { altText }),
        }))
      : undefined;
  }

  function remove({ request, account }: Call): Answer {
    const { id } = request.params as { id: string };
    const tweet = tweets.find(id);
    if (tweet && tweet.authorId !== account.id)
      return forbidden('You are not authorized to delete this Tweet.');
    tweets.remove(id);
    return { status: 200, body: { data: { deleted: tweet !== undefined } } };
  }

  return [
    { method: 'POST', url: '/2/tweets', step: 'publish', answer: create },
    { method: 'DELETE', url: '/2/tweets/:id', step: 'delete', answer: remove },
  ];
}

function settingsOf(body: CreateBody): Record<string, unknown> {
  const { reply_settings, made_with_ai, paid_partnership, poll, geo, quote_tweet_id } = body;
  const in_reply_to_tweet_id = body.reply?.in_reply_to_tweet_id;
  const named = Object.entries({
    ...{ reply_settings, made_with_ai, paid_partnership, poll, geo, quote_tweet_id },
    in_reply_to_tweet_id,
  });
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}
