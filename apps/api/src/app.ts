import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Context } from '@solospark/domain';
import fastify, { type FastifyBaseLogger, type FastifyRequest, type RawServerDefault } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_LIMITS, limitBodies, type BodyLimits } from './http/body-deadline.ts';
import { answerClientError, refuseExpectation } from './http/client-error.ts';
import { answerConditionally } from './http/conditional.ts';
import { DATABASE_PATIENCE_MS, limitWaiting } from './http/database-patience.ts';
import { docsPlugin } from './http/docs-plugin.ts';
import { requireOneHost } from './http/host-header.ts';
import { readJsonBodies } from './http/json-body.ts';
import { limitSockets } from './http/limit-sockets.ts';
import { openapiPlugin } from './http/openapi-plugin.ts';
import { guardOrganization } from './http/organization-scope.ts';
import { problemPlugin, sendProblem } from './http/problem-plugin.ts';
import type { App } from './http/types.ts';
import { buildLazySerializer } from './http/lazy-serializer.ts';
import { createValidatorCompiler } from './http/validation.ts';
import { channelRoutes } from './routes/channel-routes.ts';
import { connectionRoutes } from './routes/connection-routes.ts';
import { consentRoutes } from './routes/consent-routes.ts';
import { deliveryRoutes } from './routes/delivery-routes.ts';
import { healthRoutes } from './routes/health-routes.ts';
import { mediaLinkRoutes, mediaRoutes } from './routes/media-routes.ts';
import { postRoutes } from './routes/post-routes.ts';

/** 256 KB: enough for the longest post with a text of its own for each of a hundred channels. */
const BODY_LIMIT = 256 * 1024;

/** How long the headers of a request may take. */
const HEADERS_TIMEOUT_MS = 15_000;
/** For any request, also an upload: 512 MB at 24 kB/s take this long. `limitBodies` ends other requests much earlier. */
const REQUEST_TIMEOUT_MS = 6 * 60 * 60_000;

export interface ApiLimits extends BodyLimits {
  /** Open connections per client; 0 means no limit. */
  maxSocketsPerClient: number;
  headersTimeoutMs: number;
  /** How long one request waits for an unreachable database. */
  databasePatienceMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  ...BODY_LIMITS,
  maxSocketsPerClient: 200,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  databasePatienceMs: DATABASE_PATIENCE_MS,
};

/**
 * Builds the API without listening. Routes translate between HTTP and the use cases of @solospark/domain, which make every
 * decision. Every error is answered as an RFC 9457 problem (problem-plugin.ts).
 */
export async function buildApp(ctx: Context, chosen: Partial<ApiLimits> = {}): Promise<App> {
  const limits = { ...DEFAULT_LIMITS, ...chosen };
  const app = fastify<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger>({
    loggerInstance: ctx.log.child({}, { serializers: { req: describeRequest } }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    return503OnClosing: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: 2_000,
      // `requireOneHost` checks it instead, and explains the refusal.
      requireHostHeader: false,
    },
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 1_000 },
    schemaController: { compilersFactory: { buildSerializer: buildLazySerializer } },
    // Errors before a route is found are answered as problems, too.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // No route takes plain text: answer 415, as for every other unsupported type.
  app.removeContentTypeParser('text/plain');
  readJsonBodies(app);
  app.server.on('checkExpectation', refuseExpectation);
  requireOneHost(app);
  limitSockets(app.server, { max: limits.maxSocketsPerClient, log: ctx.log });
  limitBodies(app, limits);
  limitWaiting(app, limits.databasePatienceMs);
  app.setValidatorCompiler(createValidatorCompiler());
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  await app.register(problemPlugin);
  await app.register(openapiPlugin);
  await app.register(docsPlugin);

  healthRoutes(app, ctx);
  mediaLinkRoutes(app, ctx);
  const consent = scoped('consent', (scope) => consentRoutes(scope, ctx));
  await app.register(consent, { prefix: '/connections' });
  const organization = scoped('organization', async (scope) => {
    guardOrganization(scope, ctx);
    answerConditionally(scope);
    postRoutes(scope, ctx);
    deliveryRoutes(scope, ctx);
    channelRoutes(scope, ctx);
    connectionRoutes(scope, ctx);
    await mediaRoutes(scope, ctx);
  });
  await app.register(organization, { prefix: '/organizations/:organizationId' });
  return app;
}

/** Leaves the query out: the signature in a media link gives access to the file, and must not be in logs. */
function describeRequest(request: FastifyRequest) {
  const url = request.url.split('?', 1)[0]?.slice(0, 300);
  return { method: request.method, url, remoteAddress: request.ip };
}

/** Fastify compares a plugin without a name with every module that is loaded. */
function scoped(name: string, plugin: (scope: App) => Promise<void>): (scope: App) => Promise<void> {
  return fastifyPlugin(plugin, { name, encapsulate: true });
}
