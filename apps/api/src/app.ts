import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Context } from '@solospark/domain';
import fastify, { type FastifyBaseLogger, type FastifyRequest, type RawServerDefault } from 'fastify';
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
import { createValidatorCompiler } from './http/validation.ts';
import { channelRoutes } from './routes/channel-routes.ts';
import { connectionRoutes } from './routes/connection-routes.ts';
import { consentRoutes } from './routes/consent-routes.ts';
import { deliveryRoutes } from './routes/delivery-routes.ts';
import { healthRoutes } from './routes/health-routes.ts';
import { mediaLinkRoutes, mediaRoutes } from './routes/media-routes.ts';
import { postRoutes } from './routes/post-routes.ts';

/** A post is text: a quarter of a megabyte holds the longest one with a text for each of a hundred channels. */
const BODY_LIMIT = 256 * 1024;

/** Until a request's last header has come. */
const HEADERS_TIMEOUT_MS = 15_000;
/** Of any request, uploads included: 512 MB then come at 24 kB a second. Others are ended much earlier (`limitBodies`). */
const REQUEST_TIMEOUT_MS = 6 * 60 * 60_000;

export interface ApiLimits extends BodyLimits {
  /** Open connections of one client; 0: no limit. */
  maxSocketsPerClient: number;
  headersTimeoutMs: number;
  /** How long one request waits for a database that is away. */
  databasePatienceMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  ...BODY_LIMITS,
  maxSocketsPerClient: 200,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  databasePatienceMs: DATABASE_PATIENCE_MS,
};

/** Builds the API without listening. Routes translate; every decision is a use case of @solospark/domain. */
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
      // Ours says why (requireOneHost).
      requireHostHeader: false,
    },
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 1_000 },
    // What fails before a route is found leaves as a problem, too.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Text is not a form of anything here: it is answered 415, like every other type.
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
  await app.register((scope: App) => consentRoutes(scope, ctx), { prefix: '/connections' });
  await app.register(
    async (scope: App) => {
      guardOrganization(scope, ctx);
      answerConditionally(scope);
      postRoutes(scope, ctx);
      deliveryRoutes(scope, ctx);
      channelRoutes(scope, ctx);
      connectionRoutes(scope, ctx);
      await mediaRoutes(scope, ctx);
    },
    { prefix: '/organizations/:organizationId' },
  );
  return app;
}

/** Without the query: the signature in a media link is a permission, and a log is read by many. */
function describeRequest(request: FastifyRequest) {
  const url = request.url.split('?', 1)[0]?.slice(0, 300);
  return { method: request.method, url, remoteAddress: request.ip };
}
