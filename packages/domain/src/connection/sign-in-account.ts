import type { ChannelSummary } from '../channel/channel.repository.ts';
import { connectAccount } from './connect-account.ts';
import { invalidConnection } from '../channel/invalid-connection.ts';
import { explainRefusal } from '../channel/explain-refusal.ts';
import { openEndpoint } from '../channel/open-endpoint.ts';
import type { Context } from '../context.ts';
import { placeOf } from './connection.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

/**
 * Connects an account with a password that its author has made for SoloSpark. The password is used once, and not stored.
 * @throws DomainError `invalid_connection`, `platform_unavailable`, `platform_refused`, `sandbox_unavailable`.
 */
export async function signInAccount(
  ctx: Context,
  input: {
    organizationId: string;
    platform: string;
    identifier: string;
    password: string;
    server?: string | undefined;
    sandbox?: boolean | undefined;
  },
): Promise<ChannelSummary> {
  const { organizationId, identifier, password } = input;
  const publisher = findKnownPublisher(ctx, input.platform);
  if (publisher.connection.kind !== 'password') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} is connected on a page of its own`);
  }
  const endpoint = placeOf(publisher, input, ctx.settings.allowPrivateServers);
  const opened = openEndpoint(ctx, publisher, endpoint);
  const credentials = await publisher.connection
    .signIn({ ...opened, identifier, password })
    .catch((error: unknown) => {
      throw explainRefusal(error, publisher);
    });
  const channel = await connectAccount(ctx, {
    organizationId,
    publisher,
    endpoint,
    http: opened.http,
    credentials,
    evenIfActive: true,
  });
  ctx.log.info({ channelId: channel.id, platform: channel.platform }, 'channel connected');
  return channel;
}
