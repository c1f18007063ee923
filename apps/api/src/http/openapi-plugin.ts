import { VERSION } from '@solospark/foundation';
import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';
import { STATUS_CODES } from 'node:http';
import { Type } from 'typebox';
import { nameComponents } from './openapi-components.ts';
import { problemResponses } from './problems.ts';
import { IfNoneMatchHeaders } from './schemas.ts';
import type { App } from './types.ts';
import { DESCRIPTION } from './examples.ts';

const TAGS = [
  { name: 'Posts', description: 'Posts, their schedule, and their deliveries to each channel' },
  { name: 'Channels', description: 'The accounts that posts are published on, and their connection' },
  { name: 'Media', description: 'Images, GIFs, videos and documents of posts' },
  { name: 'Health', description: 'For load balancers and supervisors; needs no API key' },
];

/** Serves /openapi.json, generated from the routes' schemas. */
export const openapiPlugin = fp(async (app: App) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SoloSpark',
        version: VERSION,
        summary: 'Schedules posts and publishes each exactly once, at its time.',
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Relative, so that it is right under whatever name this server is reached.
      servers: [{ url: '/', description: 'This server' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'x-api-key',
            description: 'The key of an organization; `npm start` prints one. It begins with `ss_`.',
          },
        },
      },
      security: [{ apiKey: [] }],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `def-${index}`,
    },
    transform: ({ schema, url, route }) => {
      const form = route.config?.documentedForm;
      const described = form ? { ...schema, consumes: ['multipart/form-data'], body: form } : { ...schema };
      for (const part of ['querystring', 'body'] as const) {
        if (described[part]) described[part] = withoutDefaulted(described[part]);
      }
      const reads = [route.method].flat().some((method) => method !== 'GET' && method !== 'HEAD');
      if (reads && !described.hide) {
        described.response = { ...READING, ...(described.response as object | undefined) };
      }
      if (!reads && url.startsWith('/organizations/')) {
        described.headers ??= IfNoneMatchHeaders;
        described.response = { ...(described.response as object | undefined), 304: NOT_MODIFIED };
      }
      return { schema: described, url };
    },
    transformObject: (made) => {
      if (!('openapiObject' in made)) return made.swaggerObject;
      return describeResponses(nameComponents(made.openapiObject));
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
});

/** The errors of reading a body. Also for routes without a body, since a client may send one. */
const READING = problemResponses('malformed_json', 'payload_too_large', 'unsupported_content_type');

const NOT_MODIFIED = Type.Null({ description: 'The answer still has the ETag of If-None-Match' });

/** Takes properties with a default out of `required`. */
function withoutDefaulted(schema: unknown): unknown {
  const {
    properties = {},
    required,
    ...rest
  } = schema as {
    properties?: Record<string, object>;
    required?: string[];
  };
  if (!required) return schema;
  const needed = required.filter((name) => !('default' in (properties[name] ?? {})));
  return { ...rest, properties, ...(needed.length > 0 && { required: needed }) };
}

/** Describes responses whose schema has no description, by their status text. */
function describeResponses<T extends { paths?: object }>(document: T): T {
  for (const operations of Object.values(document.paths ?? {}) as Record<string, unknown>[]) {
    for (const operation of Object.values(operations)) {
      const { responses = {} } = operation as { responses?: Record<string, { description: string }> };
      for (const [status, response] of Object.entries(responses)) {
        if (response.description === 'Default Response')
          response.description = STATUS_CODES[status] ?? status;
      }
    }
  }
  return document;
}
