import { Type, type Static } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { BoundedMap } from '../../world/bounded-map.ts';
import { imageTypeOf, videoTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { findOwnMedia, invalidMediaIds, stateOf, type MediaKind, type UploadedMedia } from './media.ts';
import { invalidRequest } from './refusals.ts';

/** An upload in segments that is not finalized yet. */
interface Session {
  ownerId: string;
  kind: MediaKind;
  mediaKey: string;
  totalBytes: number;
  expiresAt: number;
  /** The size of each segment. A segment that is sent again replaces the earlier one. */
  sizes: Map<number, number>;
}

/** The types and sizes of each category, and the prefix of its media keys. */
const categories = {
  tweet_image: {
    kind: 'image',
    keyPrefix: 3,
    maxBytes: 5 * 1024 * 1024,
    types: ['image/jpeg', 'image/png', 'image/webp'],
  },
  tweet_gif: { kind: 'gif', keyPrefix: 16, maxBytes: 15 * 1024 * 1024, types: ['image/gif'] },
  tweet_video: {
    kind: 'video',
    keyPrefix: 7,
    maxBytes: 8 * 1024 ** 3,
    types: ['video/mp4', 'video/quicktime'],
  },
} as const;
type Category = keyof typeof categories;

const sessionSeconds = 1_295_999;
const mediaSeconds = 86_400;
const maxSegmentBytes = 5 * 1024 * 1024;
/** The feed cannot keep larger files. For those, only the first segment and the sizes of all segments are kept. */
const shownBytes = 50 * 1024 * 1024;
const keptSegments = 64;

/** The error of a file whose processing failed, as the older API documents it (GET media/upload, STATUS). */
const invalidMedia = { code: 1, name: 'InvalidMedia', message: 'Unsupported video format' };

const strict = { additionalProperties: false };

/** `InitializeMediaUploadRequest`, without the categories for direct messages, ads and subtitles. */
const InitializeBody = Type.Object(
  {
    media_type: Type.Enum(Object.values(categories).flatMap(({ types }) => types as readonly string[])),
    total_bytes: Type.Integer({ minimum: 1 }),
    media_category: Type.Enum(Object.keys(categories) as Category[]),
    shared: Type.Optional(Type.Boolean()),
    additional_owners: Type.Optional(Type.Unknown()),
  },
  strict,
);

/** Multipart has the segment as bytes and its index as text; JSON has base64 and a number. */
const AppendBody = Type.Object(
  {
    media: Type.Unknown(),
    segment_index: Type.Union([
      Type.Integer({ minimum: 0, maximum: 999 }),
      Type.String({ pattern: '^[0-9]{1,3}$' }),
    ]),
  },
  strict,
);

const StatusQuery = Type.Object(
  { command: Type.Enum(['STATUS']), media_id: Type.String({ pattern: '^[0-9]{1,19}$' }) },
  strict,
);

/** The calls of a chunked upload: initialize, append, finalize, and the processing status. */
export function chunkedUploadEndpoints(
  world: World,
  rules: { pollsUntilReady: number; checkAfterSecs: number },
  media: BoundedMap<string, UploadedMedia>,
  nextId: () => string,
): Endpoint[] {
  const sessions = world.createTable<Session>(50_000);
  const segments = world.createTable<Buffer>(keptSegments);

  function initialize({ request, account, now }: Call): Answer {
    const problem = findProblem(InitializeBody, request.body);
    if (problem) return invalidRequest(`${problem.field}: ${problem.rule}`);
    const body = request.body as Static<typeof InitializeBody>;
    const { kind, keyPrefix, maxBytes, types } = categories[body.media_category];
    if (!(types as readonly string[]).includes(body.media_type)) {
      return invalidRequest(`media_type: ${body.media_category} takes ${types.join(', ')}`);
    }
    if (body.total_bytes > maxBytes) return invalidRequest(`total_bytes: must not exceed ${maxBytes}`);
    const id = nextId();
    const mediaKey = `${keyPrefix}_${id}`;
    sessions.set(id, {
      ownerId: account.id,
      kind,
      mediaKey,
      totalBytes: body.total_bytes,
      expiresAt: now + sessionSeconds * 1000,
      sizes: new Map(),
    });
    return {
      status: 200,
      body: { data: { id, media_key: mediaKey, expires_after_secs: sessionSeconds } },
    };
  }

  function append({ request, account, now }: Call): Answer {
    const { id } = request.params as { id: string };
    const session = findSession(id, account.id, now);
    if (!session) return invalidMediaIds([id]);
    const problem = findProblem(AppendBody, request.body);
    if (problem) return invalidRequest(`${problem.field}: ${problem.rule}`);
    const { media: sent, segment_index: index } = request.body as Static<typeof AppendBody>;
    const bytes = typeof sent === 'string' ? Buffer.from(sent, 'base64') : sent;
    if (!Buffer.isBuffer(bytes) || bytes.length === 0)
      return invalidRequest('media: must be a file or base64');
    if (bytes.length > maxSegmentBytes)
      return invalidRequest(`media: a segment must not exceed ${maxSegmentBytes} bytes`);
    session.sizes.set(Number(index), bytes.length);
    if (session.totalBytes <= shownBytes || Number(index) === 0)
      segments.set(`${id} ${Number(index)}`, bytes);
    return { status: 200, body: { data: { expires_at: Math.floor(session.expiresAt / 1000) } } };
  }

  function finalize({ request, account, now, alteration }: Call): Answer {
    const { id } = request.params as { id: string };
    const session = findSession(id, account.id, now);
    if (!session) return invalidMediaIds([id]);
    const { kind, mediaKey, sizes, totalBytes } = session;
    const indexes = [...sizes.keys()].sort((a, b) => a - b);
    const size = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    if (size !== totalBytes || indexes.some((index, position) => index !== position)) {
      return invalidRequest(`The segments have ${size} bytes of ${totalBytes}, or leave a gap.`);
    }
    const parts = indexes.flatMap((index) => segments.get(`${id} ${index}`) ?? []);
    for (const index of indexes) segments.delete(`${id} ${index}`);
    sessions.delete(id);

    const isSound = looksLike(kind, parts[0]);
    if (kind === 'image' && !isSound) return invalidRequest('media: must be a JPEG, PNG or WEBP image');

    const uploaded: UploadedMedia = {
      ownerId: account.id,
      kind,
      mediaKey,
      imageId: world.images.keep(parts.length === indexes.length ? Buffer.concat(parts) : Buffer.alloc(0)),
      expiresAt: now + mediaSeconds * 1000,
      size,
      polls: 0,
      // A file that is not a video fails later, during processing.
      willFail: kind !== 'image' && (!isSound || alteration('processing-failed') !== undefined),
    };
    media.set(id, uploaded);
    const isReady = stateOf(uploaded, rules) === 'ready';
    const pending = { state: 'pending', check_after_secs: rules.checkAfterSecs };
    return present(id, uploaded, isReady ? undefined : pending, now);
  }

  function status({ request, account, now }: Call): Answer {
    const problem = findProblem(StatusQuery, request.query);
    if (problem) return invalidRequest(`${problem.field}: ${problem.rule}`);
    const { media_id: id } = request.query as Static<typeof StatusQuery>;
    const uploaded = findOwnMedia(media, id, account.id, now);
    if (!uploaded) return invalidMediaIds([id]);
    const infos = {
      processing: {
        state: 'in_progress',
        check_after_secs: rules.checkAfterSecs,
        progress_percent: Math.floor((100 * uploaded.polls) / (rules.pollsUntilReady + 1)),
      },
      ready: { state: 'succeeded', progress_percent: 100 },
      failed: { state: 'failed', progress_percent: 0, error: invalidMedia },
    };
    const info = infos[stateOf(uploaded, rules)];
    uploaded.polls += 1;
    return present(id, uploaded, uploaded.kind === 'image' ? undefined : info, now);
  }

  function findSession(id: string, ownerId: string, now: number): Session | undefined {
    const session = sessions.get(id);
    return session?.ownerId === ownerId && now < session.expiresAt ? session : undefined;
  }

  return [
    { method: 'POST', url: '/2/media/upload/initialize', step: 'upload', answer: initialize },
    { method: 'POST', url: '/2/media/upload/:id/append', step: 'append', answer: append },
    { method: 'POST', url: '/2/media/upload/:id/finalize', step: 'finalize', answer: finalize },
    { method: 'GET', url: '/2/media/upload', step: 'status', answer: status },
  ];
}

/** A file without processing has no `processing_info`. */
function present(id: string, uploaded: UploadedMedia, processing: object | undefined, now: number): Answer {
  const { mediaKey, size, expiresAt } = uploaded;
  return {
    status: 200,
    body: {
      data: {
        id,
        media_key: mediaKey,
        size,
        expires_after_secs: Math.floor((expiresAt - now) / 1000),
        ...(processing && { processing_info: processing }),
      },
    },
  };
}

/** Whether the first bytes match the category. */
function looksLike(kind: MediaKind, beginning: Buffer | undefined): boolean {
  if (!beginning) return false;
  const type = imageTypeOf(beginning) ?? videoTypeOf(beginning);
  return Object.values(categories).some(
    (category) => category.kind === kind && (category.types as readonly unknown[]).includes(type),
  );
}
