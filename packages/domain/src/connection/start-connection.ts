import { randomUUID } from 'node:crypto';
import { withRetry } from '@solospark/db';
import { seal, sha256 } from '@solospark/foundation';
import type { Context } from '../context.ts';
import { CONNECTION_LIFETIME_MS, newSecret, placeOf, verifierContext } from './connection.ts';
import { insertConnection } from './connection.repository.ts';
import { invalidConnection } from '../channel/invalid-connection.ts';
import { findOAuthClient } from '../channel/find-oauth-client.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

export interface StartedConnection {
  id: string;
  /** The author opens it in a browser: it is SoloSpark's page, which leads on to the platform's. */
  url: string;
  expiresAt: Date;
}

/**
 * Begins the connection of an account whose author gives consent on a page of its platform.
 * @throws DomainError `invalid_connection`, `platform_not_configured`, `platform_unavailable`, `platform_refused`,
 * `sandbox_unavailable`.
 */
export async function startConnection(
  ctx: Context,
  input: {
    organizationId: string;
    platform: string;
    server?: string | undefined;
    sandbox?: boolean | undefined;
  },
): Promise<StartedConnection> {
  const { organizationId, platform } = input;
  const publisher = findKnownPublisher(ctx, platform);
  if (publisher.connection.kind !== 'consent') {
    throw invalidConnection('/platform', 'kind', `${publisher.name} is connected with an app password`);
  }
  const endpoint = placeOf(publisher, input, ctx.settings.allowPrivateServers);
  // Checked now, while the author is there: a missing app, or a server that does not answer, is better reported here.
  await findOAuthClient(ctx, publisher, endpoint);

  const id = randomUUID();
  const state = newSecret();
  const sealedVerifier = seal(ctx.settings.keyring, newSecret(), verifierContext(id));
  const row = {
    id,
    organizationId,
    platform,
    ...endpoint,
    stateHash: sha256(state),
    sealedVerifier,
    lifetimeMs: CONNECTION_LIFETIME_MS,
  };
  const expiresAt = await withRetry(() => insertConnection(ctx.db, row));
  return { id, url: `${ctx.settings.publicUrl}/connections/start?state=${state}`, expiresAt };
}
