import { callIdempotent, bearer } from '../answer.ts';
import type { Limits } from '../limits.ts';
import { PublisherError, type AccountCall } from '../publisher.ts';
import { limits as own } from './check.ts';
import { errors } from './errors.ts';

/** Short, because an author may be waiting for the account to be connected. */
const TIMEOUT_MS = 5_000;

/** Mastodon before 4.0 and other software have only the second. */
const PATHS = ['/api/v2/instance', '/api/v1/instance'];

/** Reads the server's limits. A server with neither call, or without limits, gets Mastodon's defaults. */
export async function readLimits(call: AccountCall): Promise<Limits> {
  for (const path of PATHS) {
    const asked = await callIdempotent(
      call,
      errors,
      // The call is public on most servers; closed servers want a token.
      { method: 'GET', path, headers: bearer(call), timeoutMs: TIMEOUT_MS },
      (response) => (isObject(response.json) ? response.json : undefined),
      (response) => (response.status === 404 ? ('unknown' as const) : undefined),
    );
    if (asked.outcome !== 'done') throw new PublisherError(asked.failure);
    if (asked.value !== 'unknown') return limitsOf(asked.value);
  }
  return own;
}

/** Upper bounds: more than an author can use, and small enough to be harmless. */
const MOST = {
  characters: 100_000,
  charactersPerLink: 1_000,
  files: 20,
  altText: 10_000,
  bytes: 1_000_000_000,
  pixels: 1_000_000_000,
  frameRate: 1_000,
};

/**
 * Reads both forms of the instance: `configuration`, and `max_toot_chars` of software without it. A server may send anything: a
 * value that is not a number above zero is ignored, and a value above `MOST` is cut.
 */
export function limitsOf(instance: object): Limits {
  const statuses = at(instance, 'configuration', 'statuses');
  const files = at(instance, 'configuration', 'media_attachments');
  const { image, gif, video, ...common } = own.media;
  const max = numberIn(statuses, 'max_media_attachments', common.max, MOST.files);
  const imageBytes = numberIn(files, 'image_size_limit', image.maxBytes, MOST.bytes);
  const characters = numberIn(instance, 'max_toot_chars', own.maxTextLength, MOST.characters);

  const listed = at(files, 'supported_mime_types');
  const taken = (types: string[]) =>
    Array.isArray(listed) && listed.length > 0 ? types.filter((type) => listed.includes(type)) : types;
  const imageTypes = taken(image.mimeTypes);
  const videoTypes = taken(video.mimeTypes);
  return {
    maxTextLength: numberIn(statuses, 'max_characters', characters, MOST.characters),
    charactersPerLink: numberIn(
      statuses,
      'characters_reserved_per_url',
      own.charactersPerLink,
      MOST.charactersPerLink,
    ),
    media: {
      ...common,
      max,
      maxAltTextLength: numberIn(files, 'description_limit', common.maxAltTextLength, MOST.altText),
      image: {
        ...image,
        max,
        mimeTypes: imageTypes.length > 0 ? imageTypes : image.mimeTypes,
        maxBytes: imageBytes,
        maxPixels: numberIn(files, 'image_matrix_limit', image.maxPixels, MOST.pixels),
      },
      ...(taken(gif.mimeTypes).length > 0 && { gif: { ...gif, maxBytes: imageBytes } }),
      ...(videoTypes.length > 0 && {
        video: {
          ...video,
          mimeTypes: videoTypes,
          maxBytes: numberIn(files, 'video_size_limit', video.maxBytes, MOST.bytes),
          maxPixels: numberIn(files, 'video_matrix_limit', video.maxPixels, MOST.pixels),
          maxFrameRate: numberIn(files, 'video_frame_rate_limit', video.maxFrameRate, MOST.frameRate),
        },
      }),
    },
  };
}

function numberIn(holder: unknown, name: string, otherwise: number, most: number): number {
  const value = at(holder, name);
  return typeof value === 'number' && value >= 1 ? Math.floor(Math.min(value, most)) : otherwise;
}

function at(holder: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (isObject(value) && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined),
    holder,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
