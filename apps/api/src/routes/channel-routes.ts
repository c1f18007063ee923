import { connectSandboxChannel, disconnectChannel, listChannels, type Context } from '@solospark/domain';
import { presentChannel } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

const guarded = ['unauthorized', 'organization_not_found'] as const;

export function channelRoutes(app: App, ctx: Context): void {
  const tags = ['Channels'];

  app.get(
    '/channels',
    {
      schema: {
        tags,
        operationId: 'listChannels',
        summary: 'List the connected accounts',
        params: schemas.OrganizationParams,
        response: { 200: schemas.ChannelList, ...problemResponses(...guarded) },
      },
    },
    async (request) => ({
      data: (await listChannels(ctx, request.params)).map((channel) => presentChannel(ctx, channel)),
    }),
  );

  app.post(
    '/channels',
    {
      schema: {
        tags,
        operationId: 'connectSandboxChannel',
        summary: 'Connect an account of the platform sandbox, for the first time or again',
        params: schemas.OrganizationParams,
        body: schemas.NewChannel,
        response: {
          201: schemas.Channel,
          ...problemResponses(
            ...guarded,
            'malformed_json',
            'payload_too_large',
            'unsupported_content_type',
            'invalid_channel',
            'channel_exists',
            'platform_refused',
            'platform_unavailable',
            'sandbox_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const channel = await connectSandboxChannel(ctx, { ...request.params, ...request.body });
      return reply.code(201).send(presentChannel(ctx, channel));
    },
  );

  app.delete(
    '/channels/:channelId',
    {
      schema: {
        tags,
        operationId: 'disconnectChannel',
        summary: 'Disconnect an account; nothing more is published on it',
        params: schemas.ChannelParams,
        querystring: schemas.DisconnectQuery,
        response: {
          200: schemas.Channel,
          ...problemResponses(...guarded, 'channel_not_found', 'being_sent'),
        },
      },
    },
    async (request) =>
      presentChannel(ctx, await disconnectChannel(ctx, { ...request.params, ...request.query })),
  );
}
