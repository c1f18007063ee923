import { randomUUID } from 'node:crypto';
import { withRetry } from '@solospark/db';
import type { Credentials, HttpClient, Publisher } from '@solospark/publishers';
import { versionFor } from '../channel/api-version.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { datesOf, sealCredentials } from '../channel/channel.ts';
import { findChannelByAccount, insertChannel, type ChannelSummary } from '../channel/channel.repository.ts';
import { findSealedChannel } from '../channel/credentials.repository.ts';
import { explainRefusal } from '../channel/explain-refusal.ts';
import type { Endpoint } from '../channel/endpoint.ts';
import { reconnectChannel } from './reconnection.repository.ts';
import { readLimits } from '../channel/read-limits.ts';

/**
 * Asks the platform whose credentials these are, and stores them: in a new channel, or in the one that this account has here
 * already. That one becomes active again, and what waited for it goes out. Where servers differ, the limits of this server
 * are read as well; if that fails, the account is connected all the same.
 *
 * `evenIfActive`: also replaces the credentials of an active channel, such as one whose connection ends soon.
 * @throws DomainError `channel_exists`, `platform_unavailable`, `platform_refused`.
 */
export async function connectAccount(
  ctx: Context,
  input: {
    organizationId: string;
    publisher: Publisher;
    endpoint: Endpoint;
    http: HttpClient;
    credentials: Credentials;
    evenIfActive: boolean;
  },
): Promise<ChannelSummary> {
  const { organizationId, publisher, endpoint, http, credentials } = input;
  const identity = await publisher
    .identity({ http, credentials, ...versionFor(ctx.settings, publisher.id) })
    .catch((error: unknown) => {
      throw explainRefusal(error, publisher);
    });
  const account = {
    organizationId,
    platform: publisher.id,
    ...endpoint,
    remoteAccountId: identity.remoteAccountId,
  };
  const dates = datesOf(publisher, credentials, ctx.clock.now());
  const rowFor = (id: string) => ({
    ...account,
    ...dates,
    id,
    handle: identity.handle,
    sealedCredentials: sealCredentials(ctx.settings.keyring, { organizationId, id }, credentials),
  });
  const withLimits = async (channel: ChannelSummary): Promise<ChannelSummary> => {
    const limits = await readLimits(ctx, publisher, channel, () => ({ http, credentials }));
    return limits ? { ...channel, limits } : channel;
  };
  const inserted = await insertChannel(ctx.db, rowFor(randomUUID()));
  if (inserted) return withLimits(inserted);

  const existing = await withRetry(() => findChannelByAccount(ctx.db, account));
  const reconnected = existing && (await reconnect(existing.id));
  if (reconnected) return withLimits(reconnected);
  throw new DomainError(
    'channel_exists',
    `${publisher.name} account ${identity.handle} is connected already, as channel ${existing?.id}.`,
  );

  /** A repetition after a lost answer undoes nothing that a person has decided since. */
  async function reconnect(id: string): Promise<ChannelSummary | undefined> {
    const row = { ...rowFor(id), evenIfActive: input.evenIfActive };
    const seen = await withRetry(() => findSealedChannel(ctx.db, id));
    let lost: Error | undefined;
    return withRetry(
      async () => {
        const ifVersion = lost && seen?.credentialsVersion;
        const reconnected = await reconnectChannel(ctx.db, { ...row, ifVersion });
        if (reconnected || !lost) return reconnected;
        const now = await findChannelByAccount(ctx.db, account);
        // Disconnected since: nobody can tell whether it had been connected before that.
        if (now?.status !== 'active') throw lost;
        return now;
      },
      { onRetry: (error) => (lost ??= error as Error) },
    );
  }
}
