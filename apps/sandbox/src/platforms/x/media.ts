import { Type } from 'typebox';
import { findProblem } from '../../validation.ts';
import { imageTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { invalidRequest } from './refusals.ts';

export type MediaKind = 'image' | 'gif' | 'video';

export interface UploadedMedia {
  ownerId: string;
  kind: MediaKind;
  mediaKey: string;
  imageId: string;
  altText?: string;
  expiresAt: number;
  size: number;
  /** How often its state was read. */
  polls: number;
  willFail: boolean;
}

const maxImageBytes = 5 * 1024 * 1024;
const lifetimeSeconds = 86_400;

const strict = { additionalProperties: false };

/** `MediaUploadRequestOneShot`; multipart has the file as bytes, JSON as base64. */
const UploadBody = Type.Object(
  {
    media: Type.Unknown(),
    media_category: Type.Enum(['tweet_image', 'dm_image', 'subtitles']),
    media_type: Type.Optional(Type.String()),
    shared: Type.Optional(Type.Unknown()),
    additional_owners: Type.Optional(Type.Unknown()),
  },
  strict,
);

const MetadataBody = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9]{1,19}$' }),
    metadata: Type.Object(
      { alt_text: Type.Optional(Type.Object({ text: Type.String({ maxLength: 1000 }) }, strict)) },
      strict,
    ),
  },
  strict,
);

/** One-shot image upload, and alternative texts. Uploads in segments are in chunked-uploads.ts. */
export function mediaEndpoints(
  world: World,
  media: BoundedMap<string, UploadedMedia>,
  nextId: () => string,
): Endpoint[] {
  function upload({ request, account, now }: Call): Answer {
    const problem = findProblem(UploadBody, request.body);
    if (problem) return invalidRequest(`${problem.field}: ${problem.rule}`);
    const { media: sent } = request.body as { media: unknown };
    const bytes = typeof sent === 'string' ? Buffer.from(sent, 'base64') : sent;
    if (!Buffer.isBuffer(bytes) || bytes.length === 0)
      return invalidRequest('media: must be a file or base64');
    if (bytes.length > maxImageBytes) return invalidRequest('media: an image must not exceed 5242880 bytes');
    if (!imageTypeOf(bytes)) return invalidRequest('media: must be a JPEG, PNG, GIF or WEBP image');

    const id = nextId();
    const mediaKey = `3_${id}`;
    const expiresAt = now + lifetimeSeconds * 1000;
    media.set(id, {
      ownerId: account.id,
      kind: 'image',
      mediaKey,
      imageId: world.images.keep(bytes),
      expiresAt,
      size: bytes.length,
      polls: 0,
      willFail: false,
    });
    return {
      status: 200,
      body: { data: { id, media_key: mediaKey, size: bytes.length, expires_after_secs: lifetimeSeconds } },
    };
  }

  function describe({ request, account, now }: Call): Answer {
    const problem = findProblem(MetadataBody, request.body);
    if (problem) return invalidRequest(`${problem.field}: ${problem.rule}`);
    const { id, metadata } = request.body as { id: string; metadata: { alt_text?: { text: string } } };
    const uploaded = findOwnMedia(media, id, account.id, now);
    if (!uploaded) return invalidMediaIds([id]);
    if (metadata.alt_text) uploaded.altText = metadata.alt_text.text;
    return { status: 200, body: { data: { id, associated_metadata: metadata } } };
  }

  return [
    { method: 'POST', url: '/2/media/upload', step: 'upload', answer: upload },
    { method: 'POST', url: '/2/media/metadata', step: 'upload', answer: describe },
  ];
}

/** A media id works only for the account that uploaded it, and only until it expires. */
export function findOwnMedia(
  media: BoundedMap<string, UploadedMedia>,
  id: string,
  ownerId: string,
  now: number,
): UploadedMedia | undefined {
  const uploaded = media.get(id);
  return uploaded?.ownerId === ownerId && now < uploaded.expiresAt ? uploaded : undefined;
}

/** Images need no processing. */
export function stateOf(
  { kind, polls, willFail }: UploadedMedia,
  { pollsUntilReady }: { pollsUntilReady: number },
): 'processing' | 'ready' | 'failed' {
  if (kind !== 'image' && polls < pollsUntilReady) return 'processing';
  return willFail ? 'failed' : 'ready';
}

export const invalidMediaIds = (ids: string[]) =>
  invalidRequest('Your media IDs are invalid.', { 'media.media_ids': ids });
