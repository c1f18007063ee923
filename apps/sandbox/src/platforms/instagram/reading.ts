import type { FastifyRequest } from 'fastify';
import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Shelf } from '../../world/posts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { statusOf, type Container, type ContainerStatus, type Processing } from './container.ts';
import type { InstagramPost } from './post.ts';
import { parametersOf, pickFields } from './parameters.ts';
import * as refuse from './refusals.ts';

const userFields = [
  'id',
  'user_id',
  'username',
  'name',
  'account_type',
  'profile_picture_url',
  'media_count',
];
const containerFields = ['id', 'status_code', 'status'];
const mediaFields = [
  'id',
  'alt_text',
  'caption',
  'media_product_type',
  'media_type',
  'media_url',
  'owner',
  'permalink',
  'shortcode',
  'timestamp',
  'username',
];

export function readingEndpoints(
  rules: Processing & { failureSubcode: number },
  containers: BoundedMap<string, Container>,
  posts: Shelf<InstagramPost>,
): Endpoint[] {
  function identity({ request, account }: Call): Answer {
    const me = {
      id: account.id,
      user_id: account.id,
      username: account.handle,
      name: account.handle,
      account_type: 'Business',
      media_count: posts.ofAccount(account.handle).length,
    };
    return shown(me, parametersOf(request)['fields'], userFields);
  }

  function readObject(call: Call): Answer {
    const { objectId } = call.request.params as { objectId: string };
    const fields = parametersOf(call.request)['fields'];
    const container = containers.get(objectId);
    if (container) {
      if (container.account !== call.account.handle) return refuse.noSuchObject(objectId);
      const status = statusOf(container, call.now, rules);
      container.polls += 1;
      const sentence = `${sentences[status]}${status === 'ERROR' ? rules.failureSubcode : ''}`;
      return shown({ id: objectId, status_code: status, status: sentence }, fields, containerFields);
    }
    const post = posts.find(objectId);
    if (!post || post.account !== call.account.handle || post.visibleAt > call.now) {
      return refuse.noSuchObject(objectId);
    }
    return shown(present(post, call.origin), fields, mediaFields);
  }

  function list({ request, account, now, origin }: Call): Answer {
    const { userId } = request.params as { userId: string };
    if (userId !== account.id && userId !== 'me') return refuse.noSuchObject(userId);
    const { fields, limit: wanted, after } = parametersOf(request);
    const limit = Math.min(Math.max(Number(wanted ?? 25) || 25, 1), 100);
    const own = posts.ofAccount(account.handle);
    let index = after === undefined ? own.length : own.findLastIndex((post) => post.id === after);
    const data: unknown[] = [];
    const ids: string[] = [];
    while (--index >= 0 && data.length < limit) {
      const post = own[index];
      // Stories have a list of their own, which is documented only for Facebook Login.
      if (!post || post.kind === 'story' || post.visibleAt > now) continue;
      const result = pickFields(present(post, origin), fields, mediaFields);
      if ('unknown' in result) return unknownField(result.unknown);
      data.push(result.picked);
      ids.push(post.id);
    }
    const cursors = { before: ids[0], after: ids.at(-1) };
    return { status: 200, body: data.length === 0 ? { data } : { data, paging: { cursors } } };
  }

  const stepOfObject = (request: FastifyRequest) =>
    containers.get((request.params as { objectId: string }).objectId) ? 'status' : 'lookup';
  return [
    { method: 'GET', url: '/me', step: 'identity', answer: identity },
    { method: 'GET', url: '/:userId/media', step: 'lookup', answer: list },
    { method: 'GET', url: '/:objectId', step: stepOfObject, answer: readObject },
  ];
}

const sentences: Record<ContainerStatus, string> = {
  IN_PROGRESS: 'In progress: Media is still being processed.',
  FINISHED: 'Finished: Media has been uploaded and it is ready to be published.',
  ERROR: 'Error: Media upload has failed with error code ',
  EXPIRED: 'Expired: Media was not published within 24 hours.',
  PUBLISHED: 'Published: Media has been published.',
};

/** An album has no alternative text of its own, and its media URL is that of its first file. */
const present = (post: InstagramPost, origin: string) => ({
  id: post.id,
  ...(post.media.length === 1 && post.media[0]?.altText !== undefined && { alt_text: post.media[0].altText }),
  ...(post.text !== '' && { caption: post.text }),
  media_product_type: productTypeOf(post),
  media_type: mediaTypeOf(post),
  media_url: `${origin}/_sandbox/media/${post.media[0]?.imageId ?? ''}`,
  permalink: post.url,
  shortcode: post.shortcode,
  timestamp: new Date(post.createdAt).toISOString().replace(/\.\d{3}Z$/, '+0000'),
  username: post.account,
});

function productTypeOf({ kind }: InstagramPost): string {
  if (kind === 'story') return 'STORY';
  return kind === 'reel' ? 'REELS' : 'FEED';
}

function mediaTypeOf({ kind, isVideo }: InstagramPost): string {
  if (kind === 'carousel') return 'CAROUSEL_ALBUM';
  return isVideo ? 'VIDEO' : 'IMAGE';
}

function shown(
  object: Record<string, unknown> & { id: string },
  fields: string | undefined,
  known: readonly string[],
): Answer {
  const result = pickFields(object, fields, known);
  return 'unknown' in result ? unknownField(result.unknown) : { status: 200, body: result.picked };
}

const unknownField = (field: string) =>
  refuse.invalidParameter(`Tried accessing nonexisting field (${field})`);
