import { resolveDelivery, retryPost, type Context } from '@solospark/domain';
import { presentPost } from '../http/present.ts';
import { problemResponses } from '../http/problems.ts';
import { revisionOf, revisionTag } from '../http/revision.ts';
import * as schemas from '../http/schemas.ts';
import type { App } from '../http/types.ts';

const onDelivery = [
  'unauthorized',
  'organization_not_found',
  'post_not_found',
  'delivery_not_found',
] as const;

export function deliveryRoutes(app: App, ctx: Context): void {
  app.post(
    '/posts/:postId/deliveries/:deliveryId/retry',
    {
      schema: {
        tags: ['Posts'],
        operationId: 'retryDelivery',
        summary: 'Retry a failed delivery',
        params: schemas.DeliveryParams,
        headers: schemas.IfMatchHeaders,
        response: {
          202: schemas.Post,
          ...problemResponses(...onDelivery, 'nothing_to_retry', 'revision_mismatch', 'invalid_post'),
        },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const post = await retryPost(ctx, { ...request.params, expectedRevision });
      return reply.code(202).header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );

  app.post(
    '/posts/:postId/deliveries/:deliveryId/resolve',
    {
      schema: {
        tags: ['Posts'],
        operationId: 'resolveDelivery',
        summary: 'Say whether an uncertain delivery is public',
        params: schemas.DeliveryParams,
        headers: schemas.IfMatchHeaders,
        body: schemas.NewResolution,
        response: {
          200: schemas.Post,
          ...problemResponses(
            ...onDelivery,
            'nothing_to_resolve',
            'being_sent',
            'revision_mismatch',
            'malformed_json',
            'payload_too_large',
            'unsupported_content_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const expectedRevision = revisionOf(request.headers['if-match']);
      const resolution = request.body;
      const post = await resolveDelivery(ctx, { ...request.params, resolution, expectedRevision });
      return reply.header('etag', revisionTag(post)).send(presentPost(ctx, post));
    },
  );
}
