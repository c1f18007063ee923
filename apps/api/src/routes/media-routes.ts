import multipart from '@fastify/multipart';
import {
  addMedia,
  updateAltText,
  getMedia,
  MAX_UPLOAD_BYTES,
  openMedia,
  removeMedia,
  storeProblem,
  type Context,
  type Upload,
} from '@solospark/domain';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { byteRangeOf } from '../http/byte-range.ts';
import { isKnown } from '../http/conditional.ts';
import { HttpProblem } from '../http/problem-plugin.ts';
import { presentMedia } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';
import { altTextOf, MAX_ALT_TEXT, readUploadForm } from './upload-form.ts';

/** Only documents the form for /docs: the handler reads the parts itself, so Fastify must not validate them as JSON. */
const uploadForm = Type.Object(
  {
    file: Type.String({
      format: 'binary',
      description:
        'A JPEG, PNG, WebP, HEIC, AVIF or GIF of at most 50 MB, an MP4, M4V or MOV of at most 512 MB, or a PDF of at most 100 MB; with ffmpeg on the server, other videos, too',
    }),
    altText: Type.Optional(Type.String({ maxLength: MAX_ALT_TEXT })),
  },
  { title: 'MediaUpload' },
);

export async function mediaRoutes(app: App, ctx: Context): Promise<void> {
  await app.register(multipart, {
    // One byte more than the limit: a longer file is cut off there, and its size then shows that it is too large.
    throwFileSizeLimit: false,
    limits: { fileSize: MAX_UPLOAD_BYTES + 1, files: 1, fields: 5, fieldSize: MAX_ALT_TEXT * 4 },
  });

  app.post(
    '/media',
    {
      config: { documentedForm: uploadForm, isUpload: true },
      schema: {
        tags: ['Media'],
        operationId: 'uploadMedia',
        summary: 'Upload an image, a GIF, a video or a PDF',
        params: schemas.OrganizationParams,
        response: {
          201: schemas.Media,
          ...problemResponses(
            'unauthorized',
            'organization_not_found',
            'payload_too_large',
            'media_too_large',
            'unsupported_content_type',
            'unsupported_media',
            'invalid_media',
            'storage_unavailable',
            'storage_full',
            'storage_read_only',
          ),
        },
      },
    },
    async (request, reply) => {
      let upload: Upload | undefined;
      try {
        upload = await ctx.staging.open();
        const form = await readUploadForm(request, upload);
        const media = await addMedia(ctx, { ...request.params, upload, ...form });
        reply.code(201);
        return presentMedia(ctx, media);
      } catch (error) {
        throw storeProblem(error);
      } finally {
        // The sweeper removes what cannot be removed now.
        await upload
          ?.discard()
          .catch((error) =>
            request.log.warn({ err: error }, 'an upload could not be removed, the sweeper will remove it'),
          );
      }
    },
  );

  app.get(
    '/media/:mediaId',
    {
      schema: {
        tags: ['Media'],
        operationId: 'getMedia',
        summary: 'Read one media file: its properties, and links to it',
        params: schemas.OrganizationMediaParams,
        response: {
          200: schemas.Media,
          ...problemResponses('unauthorized', 'organization_not_found', 'media_not_found'),
        },
      },
    },
    async (request) => presentMedia(ctx, await getMedia(ctx, request.params)),
  );

  app.patch(
    '/media/:mediaId',
    {
      schema: {
        tags: ['Media'],
        operationId: 'describeMedia',
        summary: 'Change the alt text, unless a scheduled or publishing post uses the file',
        params: schemas.OrganizationMediaParams,
        body: schemas.MediaChange,
        response: {
          200: schemas.Media,
          ...problemResponses(
            'malformed_json',
            'unauthorized',
            'organization_not_found',
            'media_not_found',
            'media_in_use',
            'payload_too_large',
            'unsupported_content_type',
          ),
        },
      },
    },
    async (request) => {
      const altText = altTextOf(request.body.altText ?? '');
      return presentMedia(ctx, await updateAltText(ctx, { ...request.params, altText }));
    },
  );

  app.delete(
    '/media/:mediaId',
    {
      schema: {
        tags: ['Media'],
        operationId: 'deleteMedia',
        summary: 'Remove a media file that no post needs',
        params: schemas.OrganizationMediaParams,
        response: {
          204: Type.Null({ description: 'It is gone' }),
          ...problemResponses('unauthorized', 'organization_not_found', 'media_not_found', 'media_in_use'),
        },
      },
    },
    async (request, reply) => {
      await removeMedia(ctx, request.params);
      return reply.code(204).send(null);
    },
  );
}

/** Media links, outside of any organization: platforms fetch files here, and the signature in the link is the permission. */
export function mediaLinkRoutes(app: App, ctx: Context): void {
  const bytes = Object.fromEntries(
    ['image/*', 'video/*', 'application/pdf'].map((type) => [type, { schema: Type.Any() }]),
  );
  app.get(
    '/media/:mediaId',
    {
      schema: {
        tags: ['Media'],
        operationId: 'fetchMedia',
        summary: 'Fetch a media file, or a range of it, by its signed link',
        params: schemas.MediaParams,
        querystring: schemas.MediaLinkQuery,
        security: [],
        response: {
          200: { description: 'The file', content: bytes },
          206: { description: 'The range of the header Range', content: bytes },
          304: Type.Null({ description: 'The file still has the ETag of If-None-Match' }),
          ...problemResponses(
            'invalid_link',
            'media_not_found',
            'range_not_satisfiable',
            'media_damaged',
            'storage_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const media = await openMedia(ctx, { ...request.params, ...request.query });
      const { byteSize, mimeType } = media;
      // A file never changes, so its id and rendition name make a strong ETag.
      const tag = `"${[request.params.mediaId, request.query.rendition ?? []].flat().join('-')}"`;
      const kept = { etag: tag, 'cache-control': 'private, max-age=3600' };
      if (isKnown(tag, request.headers['if-none-match'])) return reply.code(304).headers(kept).send(null);
      const ifRange = request.headers['if-range'];
      const wanted = ifRange === undefined || ifRange === tag ? request.headers.range : undefined;
      const range = byteRangeOf(wanted, byteSize);
      if (range === 'unsatisfiable') {
        reply.header('content-range', `bytes */${byteSize}`);
        throw new HttpProblem(
          'range_not_satisfiable',
          `The file has ${byteSize} bytes; the range starts behind.`,
        );
      }
      const part = range === 'whole' ? undefined : range;
      const opened = await media.open(part);
      // For HEAD the file is not sent: Fastify would read it to its end.
      const stream = request.method === 'HEAD' ? Readable.from([]) : opened;
      if (stream !== opened) opened.destroy();
      if (part) reply.code(206).header('content-range', `bytes ${part.start}-${part.end}/${byteSize}`);
      return reply
        .header('content-type', mimeType)
        .header('content-length', part ? part.end - part.start + 1 : byteSize)
        .header('accept-ranges', 'bytes')
        .headers(kept)
        .headers(headersFor(mimeType))
        .send(stream);
    },
  );
}

/** A user's file is served from our own origin: a browser may show it, but must not run anything in it. */
function headersFor(mimeType: string): Record<string, string> {
  const isShown = mimeType.startsWith('image/') || mimeType.startsWith('video/');
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    // Our pages may have another origin than the files.
    'cross-origin-resource-policy': 'cross-origin',
    'content-disposition': isShown ? 'inline' : 'attachment',
  };
}
