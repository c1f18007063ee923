import { withRetry } from '@solospark/db';
import { AppError, sha256, unseal } from '@solospark/foundation';
import { PublisherError } from '@solospark/publishers';
import type { ChannelSummary } from '../channel/channel.repository.ts';
import { connectAccount } from './connect-account.ts';
import { invalidConnection } from '../channel/invalid-connection.ts';
import { explainRefusal } from '../channel/explain-refusal.ts';
import { openEndpoint } from '../channel/open-endpoint.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { assertIssuer, assertReceivedAt, readAnswer, type Answer } from './answer.ts';
import { connectionNotFound, verifierContext } from './connection.ts';
import { noteResult, takeReturned, type OpenConnection } from './connection.repository.ts';
import { findOAuthClient, forgetOAuthClient } from '../channel/find-oauth-client.ts';
import { findKnownPublisher } from './find-known-publisher.ts';
import { redirectUriOf } from '../channel/redirect-uri.ts';

/**
 * The author is back from the platform's page: exchanges the code for credentials, and stores the channel. `query` is what
 * the platform sent the author back with, `receivedAt` our address that it sent them to, `browserKey` what their browser was
 * given when it left. It works once. An answer that arrives at another server's address uses it up as well: its sender may be
 * trying to steal a code.
 * @throws DomainError `invalid_answer`, `connection_not_found`, `foreign_answer`, `platform_refused` (also when the author
 * said no), and those of `findOAuthClient`.
 */
export async function finishConnection(
  ctx: Context,
  input: { query: URLSearchParams; receivedAt: string; browserKey: string },
): Promise<{ channel: ChannelSummary; platformName: string; organizationName: string }> {
  const answer = readAnswer(input.query);
  const hashes = { stateHash: sha256(answer.state), browserHash: sha256(input.browserKey) };
  const connection = await withRetry(() => takeReturned(ctx.db, hashes));
  if (!connection) throw connectionNotFound();
  try {
    const channel = await exchange(ctx, connection, { answer, receivedAt: input.receivedAt });
    await withRetry(() => noteResult(ctx.db, { id: connection.id, channelId: channel.id }));
    ctx.log.info({ channelId: channel.id, platform: channel.platform }, 'channel connected');
    const { name: platformName } = findKnownPublisher(ctx, connection.platform);
    return { channel, platformName, organizationName: connection.organizationName };
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
  { answer, receivedAt }: { answer: Answer; receivedAt: string },
): Promise<ChannelSummary> {
  const publisher = findKnownPublisher(ctx, connection.platform);
  if (publisher.connection.kind !== 'consent') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} has no page to agree on`);
  }
  assertReceivedAt(ctx, publisher, connection, receivedAt);
  const { code, state } = answer;
  if (code === null) {
    throw new DomainError(
      'platform_refused',
      `${publisher.name} was not connected: you said no, or ${publisher.name} did not allow it. Nothing was changed.`,
    );
  }
  const endpoint = openEndpoint(ctx, publisher, connection);
  const issuer = await publisher.connection.issuer(endpoint).catch((error: unknown) => {
    throw explainRefusal(error, publisher);
  });
  assertIssuer(publisher, issuer, answer);
  const app = await findOAuthClient(ctx, publisher, connection);
  const codeVerifier = unseal(
    ctx.settings.keyring,
    connection.sealedVerifier,
    verifierContext(connection.id),
  );
  const credentials = await publisher.connection
    .exchange({
      ...endpoint,
      app,
      redirectUri: redirectUriOf(ctx, publisher, connection),
      state,
      codeVerifier,
      code,
    })
    .catch(async (error: unknown) => {
      if (isAppUnknown(error)) await forgetOAuthClient(ctx, publisher, connection, app);
      throw explainRefusal(error, publisher);
    });
  return connectAccount(ctx, {
    organizationId: connection.organizationId,
    publisher,
    endpoint: { sandbox: connection.sandbox, server: connection.server },
    http: endpoint.http,
    credentials,
    evenIfActive: true,
  });
}

function isAppUnknown(error: unknown): boolean {
  return error instanceof PublisherError && error.failure.kind === 'misconfigured';
}
