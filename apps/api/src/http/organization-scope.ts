import { organizationOfKey, type Context } from '@solospark/domain';
import { patiently } from './database-patience.ts';
import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

/**
 * Everything below /organizations/:organizationId needs an API key of that organization. Another organization's id is
 * answered like an unknown one, so that ids cannot be probed.
 */
export function guardOrganization(app: App, ctx: Context): void {
  app.addHook('onRequest', async (request, reply) => {
    const key = request.headers['x-api-key'];
    if (typeof key !== 'string' || key === '') {
      reply.header('www-authenticate', 'ApiKey header="x-api-key"');
      throw new HttpProblem('unauthorized', 'Send an API key of the organization in the header x-api-key.');
    }
    const organizationId = await patiently(request, () => organizationOfKey(ctx, key));
    if (organizationId === undefined) {
      reply.header('www-authenticate', 'ApiKey header="x-api-key"');
      throw new HttpProblem('unauthorized', 'The API key is not known, or is no longer valid.');
    }
    const wanted = (request.params as { organizationId?: string }).organizationId;
    if (wanted !== organizationId) {
      throw new HttpProblem(
        'organization_not_found',
        'There is no such organization for this key. The path must name the organization that the key belongs to.',
      );
    }
  });
}
