import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Context } from '@solospark/domain';
import fastify, { type FastifyBaseLogger, type FastifyRequest, type RawServerDefault } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** Builds the API without listening. Routes translate; every decision is a use case of @solospark/domain. */
export async function buildApp(ctx: Context): Promise<App> {
  const app = fastify<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger>({
    loggerInstance: ctx.log.child({}, { serializers: { req: describeRequest } }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    return503OnClosing: true,
    routerOptions: { maxParamLength: 1_000 },
    // What fails before a route is found leaves as a problem, too.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Text is not a form of anything here: it is answered 415, like every other type.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(createValidatorCompiler());
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  await app.register(problemPlugin);
  await app.register(openapiPlugin);

  healthRoutes(app, ctx);
  mediaLinkRoutes(app, ctx);
  await app.register((scope: App) => consentRoutes(scope, ctx), { prefix: '/connections' });
  await app.register(
    async (scope: App) => {
      guardOrganization(scope, ctx);
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
  return { method: request.method, url: request.url.split('?')[0], remoteAddress: request.ip };
}
