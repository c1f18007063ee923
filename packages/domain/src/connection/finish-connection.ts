import { withRetry } from '@solospark/db';
import { AppError, unseal } from '@solospark/foundation';
import { PublisherError } from '@solospark/publishers';
import type { ChannelSummary } from '../channel/channel.repository.ts';
import { connectAccount } from '../channel/connect-account.ts';
import { explainRefusal } from '../channel/explain-refusal.ts';
import { openPlace } from '../channel/open-place.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { connectionNotFound, hashOf, invalidConnection, verifierContext } from './connection.ts';
import { noteResult, takeReturned, type OpenConnection } from './connection.repository.ts';
import { findApp, forgetApp, redirectUriOf } from './find-app.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

/**
 * The author is back from the platform's page: trades what they bring for credentials, and keeps the channel. `answer` is
 * the query with which the platform sent them, `browserKey` what their browser was given when it left. Good for one try.
 * @throws DomainError `connection_not_found`, `platform_refused` (also when the author said no), and those of `findApp`.
 */
export async function finishConnection(
  ctx: Context,
  input: { answer: URLSearchParams; browserKey: string },
): Promise<{ channel: ChannelSummary; platformName: string }> {
  const state = input.answer.get('state') ?? '';
  const hashes = { stateHash: hashOf(state), browserHash: hashOf(input.browserKey) };
  const connection = await withRetry(() => takeReturned(ctx.db, hashes));
  if (!connection) throw connectionNotFound();
  try {
    const channel = await exchange(ctx, connection, { state, answer: input.answer });
    await withRetry(() => noteResult(ctx.db, { id: connection.id, channelId: channel.id }));
    ctx.log.info({ channelId: channel.id, platform: channel.platform }, 'channel connected');
    return { channel, platformName: findKnownPublisher(ctx, connection.platform).name };
  } catch (error) {
    const failureReason =
      error instanceof AppError ? error.message : 'Something went wrong on our side. Start again.';
    await withRetry(() => noteResult(ctx.db, { id: connection.id, failureReason }));
    throw error;
  }
}

async function exchange(
  ctx: Context,
  connection: OpenConnection,
  { state, answer }: { state: string; answer: URLSearchParams },
): Promise<ChannelSummary> {
  const publisher = findKnownPublisher(ctx, connection.platform);
  if (publisher.connection.kind !== 'consent') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} has no page to agree on`);
  }
  if (answer.has('error')) {
    throw new DomainError(
      'platform_refused',
      `${publisher.name} was not connected: you said no, or ${publisher.name} did not allow it. Nothing was changed.`,
    );
  }
  const place = openPlace(ctx, publisher, connection);
  const app = await findApp(ctx, publisher, connection);
  const codeVerifier = unseal(
    ctx.settings.keyring,
    connection.sealedVerifier,
    verifierContext(connection.id),
  );
  const credentials = await publisher.connection
    .exchange({ ...place, app, redirectUri: redirectUriOf(ctx), state, codeVerifier, answer })
    .catch(async (error: unknown) => {
      if (isAppUnknown(error)) await forgetApp(ctx, publisher, connection, app);
      throw explainRefusal(error, publisher);
    });
  return connectAccount(ctx, {
    organizationId: connection.organizationId,
    publisher,
    place: { sandbox: connection.sandbox, server: connection.server },
    http: place.http,
    credentials,
    evenIfActive: true,
  });
}

function isAppUnknown(error: unknown): boolean {
  return error instanceof PublisherError && error.failure.kind === 'misconfigured';
}
