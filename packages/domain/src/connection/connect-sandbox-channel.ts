import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ChannelSummary } from '../channel/channel.repository.ts';
import { connectAccount } from './connect-account.ts';
import { openEndpoint } from '../channel/open-endpoint.ts';

/** The sandbox opens an account for any token with its handle in it. */
const sandboxToken = (handle: string) => `sandbox-${handle}`;

/**
 * Connects an account of the platform sandbox: the same steps as a real connection, without a consent page. A disconnected
 * account becomes active again as the same channel, and its scheduled posts go out again.
 * @throws DomainError `sandbox_unavailable`, `invalid_channel`, `channel_exists`, `platform_unavailable`, `platform_refused`.
 */
export async function connectSandboxChannel(
  ctx: Context,
  input: { organizationId: string; platform: string; handle: string },
): Promise<ChannelSummary> {
  const publisher = ctx.findPublisher(input.platform);
  if (!publisher) {
    throw new DomainError('invalid_channel', `There is no platform "${input.platform}" here.`, {
      errors: [
        { pointer: '/platform', code: 'unknown_platform', detail: 'must be a platform of this server' },
      ],
    });
  }
  const endpoint = { sandbox: true, server: '' };
  return connectAccount(ctx, {
    organizationId: input.organizationId,
    publisher,
    endpoint,
    http: openEndpoint(ctx, publisher, endpoint).http,
    credentials: { accessToken: sandboxToken(input.handle) },
    evenIfActive: false,
  });
}
