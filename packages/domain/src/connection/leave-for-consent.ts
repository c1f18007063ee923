import { withRetry } from '@solospark/db';
import { unseal } from '@solospark/foundation';
import { openPlace } from '../channel/open-place.ts';
import type { Context } from '../context.ts';
import { connectionNotFound, hashOf, invalidConnection, newSecret, verifierContext } from './connection.ts';
import { bindBrowser, findOpenConnection } from './connection.repository.ts';
import { findApp, redirectUriOf } from './find-app.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

/**
 * The author goes on to the platform's page. `browserKey` is for their browser to keep: whoever comes back has to bring
 * it, so that a link alone connects nothing.
 * @throws DomainError `connection_not_found`, and those of `findApp`.
 */
export async function leaveForConsent(
  ctx: Context,
  input: { state: string },
): Promise<{ consentUrl: string; browserKey: string }> {
  const connection = await findOpenConnection(ctx.db, hashOf(input.state));
  if (!connection) throw connectionNotFound();
  const publisher = findKnownPublisher(ctx, connection.platform);
  if (publisher.connection.kind !== 'consent') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} has no page to agree on`);
  }
  const app = await findApp(ctx, publisher, connection);
  const verifier = unseal(ctx.settings.keyring, connection.sealedVerifier, verifierContext(connection.id));
  const browserKey = newSecret();
  await withRetry(() => bindBrowser(ctx.db, { id: connection.id, browserHash: hashOf(browserKey) }));
  const consentUrl = publisher.connection.consentUrl({
    app,
    at: openPlace(ctx, publisher, connection).at,
    redirectUri: redirectUriOf(ctx),
    state: input.state,
    codeChallenge: hashOf(verifier),
  });
  return { consentUrl: consentUrl.href, browserKey };
}
