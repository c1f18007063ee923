import {
  getConnection,
  listPlatforms,
  signInAccount,
  startConnection,
  type Context,
} from '@solospark/domain';
import { presentChannel } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

const guarded = ['unauthorized', 'organization_not_found'] as const;
const body = ['malformed_json', 'payload_too_large', 'unsupported_content_type'] as const;
const connecting = [
  'invalid_connection',
  'platform_refused',
  'platform_unavailable',
  'sandbox_unavailable',
] as const;

/** The platforms that can be connected, and the two ways to connect an account: consent and app password. */
export function connectionRoutes(app: App, ctx: Context): void {
  const tags = ['Channels'];

  app.get(
    '/platforms',
    {
      schema: {
        tags,
        operationId: 'listPlatforms',
        summary: 'List the platforms, and how an account of each is connected',
        params: schemas.OrganizationParams,
        response: { 200: schemas.PlatformList, ...problemResponses(...guarded) },
      },
    },
    () => ({
      data: listPlatforms(ctx).map((platform) => ({
        ...platform,
        apiVersion: platform.apiVersion && {
          ...platform.apiVersion,
          endsAt: platform.apiVersion.endsAt.toISOString(),
        },
      })),
    }),
  );

  app.post(
    '/connections',
    {
      schema: {
        tags,
        operationId: 'startConnection',
        summary: 'Begin to connect an account with consent on a page of its platform',
        params: schemas.OrganizationParams,
        body: schemas.NewConnection,
        response: {
          201: schemas.StartedConnection,
          ...problemResponses(...guarded, ...body, ...connecting, 'platform_not_configured'),
        },
      },
    },
    async (request, reply) => {
      const { id, url, expiresAt } = await startConnection(ctx, { ...request.params, ...request.body });
      return reply.code(201).send({ id, url, expiresAt: expiresAt.toISOString() });
    },
  );

  app.get(
    '/connections/:connectionId',
    {
      schema: {
        tags,
        operationId: 'getConnection',
        summary: 'Read the state of a connection',
        params: schemas.ConnectionParams,
        response: { 200: schemas.Connection, ...problemResponses(...guarded, 'connection_not_found') },
      },
    },
    async (request) => {
      const { expiresAt, ...connection } = await getConnection(ctx, request.params);
      return { ...connection, expiresAt: expiresAt.toISOString() };
    },
  );

  app.post(
    '/connections/sign-in',
    {
      schema: {
        tags,
        operationId: 'signInAccount',
        summary: 'Connect an account with an app password that its author has made for SoloSpark',
        params: schemas.OrganizationParams,
        body: schemas.SignIn,
        response: { 201: schemas.Channel, ...problemResponses(...guarded, ...body, ...connecting) },
      },
    },
    async (request, reply) => {
      const channel = await signInAccount(ctx, { ...request.params, ...request.body });
      return reply.code(201).send(presentChannel(ctx, channel));
    },
  );
}
