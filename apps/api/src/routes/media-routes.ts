import multipart from '@fastify/multipart';
import { addMedia, MAX_MEDIA_BYTES, openMedia, type Context } from '@solospark/domain';
import { Type } from 'typebox';
import { HttpProblem } from '../http/problem-plugin.ts';
import { presentMedia } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

/** Longer than any platform takes (LinkedIn: 4,086). */
const MAX_ALT_TEXT = 5_000;

/** For the page at /docs: Fastify itself reads the parts, so it must not validate them as JSON. */
const uploadForm = Type.Object(
  {
    file: Type.String({ format: 'binary', description: 'One JPEG or PNG image, at most 8 MiB' }),
    altText: Type.Optional(Type.String({ maxLength: MAX_ALT_TEXT })),
  },
  { title: 'MediaUpload' },
);

export async function mediaRoutes(app: App, ctx: Context): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: MAX_MEDIA_BYTES, files: 1, fields: 5, fieldSize: MAX_ALT_TEXT * 4 },
  });

  app.post(
    '/media',
    {
      config: { documentedForm: uploadForm },
      schema: {
        tags: ['Media'],
        operationId: 'uploadMedia',
        summary: 'Upload an image',
        params: schemas.OrganizationParams,
        response: {
          201: schemas.Media,
          ...problemResponses(
            'unauthorized',
            'organization_not_found',
            'payload_too_large',
            'unsupported_content_type',
            'unsupported_media',
          ),
        },
      },
    },
    async (request, reply) => {
      let bytes: Buffer | undefined;
      let altText: string | null = null;
      try {
        for await (const part of request.parts()) {
          if (part.type === 'file' && part.fieldname === 'file') bytes = await part.toBuffer();
          else if (part.fieldname === 'altText' && part.type === 'field') altText = altTextOf(part.value);
          else throw invalidField(part.fieldname, 'unknown', 'is not a field of this form');
        }
      } catch (error) {
        throw isExplained(error)
          ? error
          : new HttpProblem('invalid_request', UNREADABLE_FORM, { cause: error });
      }
      if (!bytes) throw invalidField('file', 'required', 'must be given: one image');
      const media = await addMedia(ctx, { ...request.params, bytes, altText });
      return reply.code(201).send(presentMedia(ctx, media));
    },
  );
}

/** Outside of any organization: the signature in the link is the permission, for platforms that fetch media. */
export function mediaLinkRoutes(app: App, ctx: Context): void {
  app.get(
    '/media/:mediaId',
    {
      schema: {
        tags: ['Media'],
        operationId: 'fetchMedia',
        summary: 'Fetch an image by its signed link',
        params: schemas.MediaParams,
        querystring: schemas.MediaLinkQuery,
        security: [],
        response: {
          200: { description: 'The image', content: { 'image/*': { schema: Type.Any() } } },
          ...problemResponses('invalid_link', 'media_not_found'),
        },
      },
    },
    async (request, reply) => {
      const media = await openMedia(ctx, { ...request.params, ...request.query });
      return reply
        .header('content-type', media.mimeType)
        .header('content-length', media.byteSize)
        .header('cache-control', 'private, max-age=3600')
        .header('x-content-type-options', 'nosniff')
        .send(media.stream);
    },
  );
}

const UNREADABLE_FORM =
  'The form could not be read to its end: it is cut off, or its boundary is wrong. Send it again.';

/** Ours, or Fastify's with a code; what is left is the parser's word for a broken form. */
function isExplained(error: unknown): boolean {
  return error instanceof HttpProblem || (error instanceof Error && 'statusCode' in error);
}

function altTextOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_ALT_TEXT) {
    throw invalidField('altText', 'maxLength', `must be text of at most ${MAX_ALT_TEXT} characters`);
  }
  if (!value.isWellFormed() || value.includes('\0')) {
    throw invalidField('altText', 'characters', 'must be whole Unicode characters, without NUL');
  }
  return value.trim() === '' ? null : value;
}

function invalidField(name: string, code: string, detail: string): HttpProblem {
  return new HttpProblem('invalid_request', `The form field "${name}" ${detail}.`, {
    errors: [{ pointer: `/${name}`, code, detail }],
  });
}
