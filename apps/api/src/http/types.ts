import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TSchema } from 'typebox';

/** Fastify, with request and response types inferred from the TypeBox schemas of each route. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A multipart form, for the OpenAPI document only. */
    documentedForm?: TSchema;
    /** The body is limited by its rate, not by a total time (body-deadline.ts). */
    isUpload?: true;
  }
}
