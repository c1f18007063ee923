import { withRetry } from '@solospark/db';
import { seal, unseal } from '@solospark/foundation';
import type { OAuthClient, ConsentConnection, Publisher } from '@solospark/publishers';
import { explainRefusal } from './explain-refusal.ts';
import { openEndpoint } from './open-endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import {
  findPlatformApp,
  insertPlatformApp,
  removePlatformApp,
  type PlatformAppKey,
} from './platform-app.repository.ts';
import { redirectUriOf } from './redirect-uri.ts';

/** The OAuth client of the sandbox, on every installation. */
const SANDBOX_APP: OAuthClient = { clientId: 'solospark', clientSecret: 'solospark-secret' };

/**
 * This installation's OAuth client at a platform: as the operator registered it, or as this installation registered itself at
 * this server, once.
 * @throws DomainError `platform_not_configured`, `platform_unavailable`, `platform_refused`, `sandbox_unavailable`.
 */
export async function findOAuthClient(
  ctx: Context,
  publisher: Publisher,
  endpoint: Endpoint,
): Promise<OAuthClient> {
  const { connection } = publisher;
  if (connection.kind === 'consent' && connection.registerClient) {
    return registeredApp(ctx, publisher, endpoint, connection.registerClient);
  }
  if (endpoint.sandbox) return SANDBOX_APP;
  const app = ctx.settings.apps[publisher.id];
  if (app) return app;
  const name = publisher.id.toUpperCase();
  throw new DomainError(
    'platform_not_configured',
    `This server has no app at ${publisher.name}. Whoever runs it registers one there and sets ${name}_CLIENT_ID and ` +
      `${name}_CLIENT_SECRET; until then only the sandbox can be connected.`,
  );
}

async function registeredApp(
  ctx: Context,
  publisher: Publisher,
  endpoint: Endpoint,
  register: NonNullable<ConsentConnection['registerClient']>,
): Promise<OAuthClient> {
  const opened = openEndpoint(ctx, publisher, endpoint);
  const redirectUri = redirectUriOf(ctx, publisher, endpoint);
  const key = { platform: publisher.id, server: opened.baseUrl, redirectUri };
  const known = await readOAuthClient(ctx, key);
  if (known) return known;
  const app = await register({ ...opened, redirectUri, website: ctx.settings.publicUrl }).catch(
    (error: unknown) => {
      throw explainRefusal(error, publisher);
    },
  );
  const sealedSecret = seal(ctx.settings.keyring, app.clientSecret, secretContext(key));
  await withRetry(() => insertPlatformApp(ctx.db, { ...key, clientId: app.clientId, sealedSecret }));
  // Two authors at the same time: both use the client that was stored first.
  return (await readOAuthClient(ctx, key)) ?? app;
}

/** The server does not know this client any more: the next author registers a new one. */
export async function forgetOAuthClient(
  ctx: Context,
  publisher: Publisher,
  endpoint: Endpoint,
  app: OAuthClient,
): Promise<void> {
  const server = openEndpoint(ctx, publisher, endpoint).baseUrl;
  const key = { platform: publisher.id, server, redirectUri: redirectUriOf(ctx, publisher, endpoint) };
  await withRetry(() => removePlatformApp(ctx.db, { ...key, clientId: app.clientId }));
}

async function readOAuthClient(ctx: Context, key: PlatformAppKey): Promise<OAuthClient | undefined> {
  const stored = await withRetry(() => findPlatformApp(ctx.db, key));
  if (!stored) return undefined;
  const clientSecret = unseal(ctx.settings.keyring, stored.sealedSecret, secretContext(key));
  return { clientId: stored.clientId, clientSecret };
}

/** A secret is sealed for one server: copied to another row it cannot be unsealed. */
export function secretContext({ platform, server }: PlatformAppKey): string {
  return `platform-app:${platform} ${server}`;
}
