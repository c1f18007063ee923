import { withRetry } from '@solospark/db';
import { sha256, unseal } from '@solospark/foundation';
import { invalidConnection } from '../channel/invalid-connection.ts';
import { openEndpoint } from '../channel/open-endpoint.ts';
import type { Context } from '../context.ts';
import { connectionNotFound, formHashOf, newSecret, notFromOurPage, verifierContext } from './connection.ts';
import { findOpenConnection, takeForm } from './connection.repository.ts';
import { findOAuthClient } from '../channel/find-oauth-client.ts';
import { findKnownPublisher } from './find-known-publisher.ts';
import { redirectUriOf } from '../channel/redirect-uri.ts';

/**
 * Sends the author from our page to the platform's: `formToken` and `browserKey` come from our page. The new `browserKey` is
 * for the browser to keep. The author has to bring it back, so that a link alone connects nothing.
 * @throws DomainError `connection_not_found`, `cross_site_request`, and those of `findOAuthClient`.
 */
export async function redirectToAuthorization(
  ctx: Context,
  input: { state: string; formToken: string; browserKey: string },
): Promise<{ consentUrl: string; browserKey: string }> {
  const connection = await withRetry(() => findOpenConnection(ctx.db, sha256(input.state)));
  if (!connection) throw connectionNotFound();
  const formHash = formHashOf(input);
  if (connection.formHash !== formHash) throw notFromOurPage();
  const publisher = findKnownPublisher(ctx, connection.platform);
  if (publisher.connection.kind !== 'consent') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} has no page to agree on`);
  }
  const app = await findOAuthClient(ctx, publisher, connection);
  const verifier = unseal(ctx.settings.keyring, connection.sealedVerifier, verifierContext(connection.id));
  const browserKey = newSecret();
  // Not repeated after a lost answer: the second try would find the form used, and could not tell by whom.
  const taken = await takeForm(ctx.db, { id: connection.id, formHash, browserHash: sha256(browserKey) });
  if (!taken) throw notFromOurPage();
  const consentUrl = publisher.connection.consentUrl({
    app,
    at: openEndpoint(ctx, publisher, connection).at,
    redirectUri: redirectUriOf(ctx, publisher, connection),
    state: input.state,
    codeChallenge: sha256(verifier),
  });
  return { consentUrl: consentUrl.href, browserKey };
}
