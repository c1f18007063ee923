import { randomUUID } from 'node:crypto';
import { createHttpClient, NoAnswerError, PublisherError } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { baseUrlOf, sealCredentials } from './channel.ts';
import {
  findChannelByAccount,
  insertChannel,
  reconnectChannel,
  type ChannelSummary,
} from './channel.repository.ts';

/** The sandbox opens an account for whoever shows a token with its handle in it. */
const sandboxToken = (handle: string) => `sandbox-${handle}`;

/**
 * Connects an account of the platform sandbox: the same steps as a real connection, without a consent page. One that
 * was disconnected becomes the channel that it was, and what is scheduled on it goes out again.
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
  const baseUrl = baseUrlOf(publisher, { sandbox: true }, ctx.settings.sandboxUrl);
  if (baseUrl === null) {
    throw new DomainError(
      'sandbox_unavailable',
      'This server runs without the platform sandbox. Set SANDBOX_URL to use it.',
    );
  }
  const credentials = { accessToken: sandboxToken(input.handle) };
  const identity = await publisher
    .identity({ http: createHttpClient({ baseUrl, timeoutMs: 10_000 }), credentials })
    .catch((error: unknown) => {
      throw explain(error, publisher.name);
    });
  const channel = {
    id: randomUUID(),
    organizationId: input.organizationId,
    platform: publisher.id,
    sandbox: true,
    ...identity,
  };
  const sealFor = (id: string) => sealCredentials(ctx.settings.keyring, { ...channel, id }, credentials);
  const inserted = await insertChannel(ctx.db, { ...channel, sealedCredentials: sealFor(channel.id) });
  if (inserted) return inserted;
  const existing = await findChannelByAccount(ctx.db, {
    organizationId: input.organizationId,
    platform: publisher.id,
    remoteAccountId: identity.remoteAccountId,
  });
  const reconnected =
    existing &&
    (await reconnectChannel(ctx.db, {
      ...channel,
      id: existing.id,
      sealedCredentials: sealFor(existing.id),
    }));
  if (reconnected) return reconnected;
  throw new DomainError(
    'channel_exists',
    `${publisher.name} account ${identity.handle} is connected already, as channel ${existing?.id}.`,
  );
}

function explain(error: unknown, platform: string): unknown {
  if (error instanceof PublisherError && error.failure.kind !== 'unavailable') {
    return new DomainError('platform_refused', error.failure.reason, { cause: error });
  }
  if (error instanceof PublisherError || error instanceof NoAnswerError) {
    const message = `${platform} could not be reached. Try again in a moment.`;
    return new DomainError('platform_unavailable', message, { cause: error });
  }
  return error;
}
