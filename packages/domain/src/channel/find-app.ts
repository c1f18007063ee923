import { withRetry } from '@solospark/db';
import { seal, unseal } from '@solospark/foundation';
import type { App, ConsentConnection, Publisher } from '@solospark/publishers';
import { explainRefusal } from './explain-refusal.ts';
import { openPlace } from './open-place.ts';
import type { Place } from './place.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import {
  findPlatformApp,
  insertPlatformApp,
  removePlatformApp,
  type PlatformAppKey,
} from './platform-app.repository.ts';
import { redirectUriOf } from './redirect-uri.ts';

/** The sandbox knows every app, and its secret. */
const SANDBOX_APP: App = { clientId: 'solospark', clientSecret: 'solospark-secret' };

/**
 * What this installation is at a platform: as its operator has registered it, or as it registered itself at this server,
 * which it does once.
 * @throws DomainError `platform_not_configured`, `platform_unavailable`, `platform_refused`, `sandbox_unavailable`.
 */
export async function findApp(ctx: Context, publisher: Publisher, place: Place): Promise<App> {
  const { connection } = publisher;
  if (connection.kind === 'consent' && connection.registerApp) {
    return registeredApp(ctx, publisher, place, connection.registerApp);
  }
  if (place.sandbox) return SANDBOX_APP;
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
  place: Place,
  register: NonNullable<ConsentConnection['registerApp']>,
): Promise<App> {
  const opened = openPlace(ctx, publisher, place);
  const redirectUri = redirectUriOf(ctx, publisher, place);
  const key = { platform: publisher.id, server: opened.baseUrl, redirectUri };
  const known = await readApp(ctx, key);
  if (known) return known;
  const app = await register({ ...opened, redirectUri, website: ctx.settings.publicUrl }).catch(
    (error: unknown) => {
      throw explainRefusal(error, publisher);
    },
  );
  const sealedSecret = seal(ctx.settings.keyring, app.clientSecret, secretContext(key));
  await withRetry(() => insertPlatformApp(ctx.db, { ...key, clientId: app.clientId, sealedSecret }));
  // Two authors at once: both use the one that was kept.
  return (await readApp(ctx, key)) ?? app;
}

/** A server that does not know the app any more: the next author has it registered anew. */
export async function forgetApp(ctx: Context, publisher: Publisher, place: Place, app: App): Promise<void> {
  const server = openPlace(ctx, publisher, place).baseUrl;
  const key = { platform: publisher.id, server, redirectUri: redirectUriOf(ctx, publisher, place) };
  await withRetry(() => removePlatformApp(ctx.db, { ...key, clientId: app.clientId }));
}

async function readApp(ctx: Context, key: PlatformAppKey): Promise<App | undefined> {
  const stored = await withRetry(() => findPlatformApp(ctx.db, key));
  if (!stored) return undefined;
  const clientSecret = unseal(ctx.settings.keyring, stored.sealedSecret, secretContext(key));
  return { clientId: stored.clientId, clientSecret };
}

/** Sealed for one server: moved to another row it does not open. */
export function secretContext({ platform, server }: PlatformAppKey): string {
  return `platform-app:${platform} ${server}`;
}
