import type { Limits, Publisher } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { redirectUriOf } from '../channel/redirect-uri.ts';
import { describeApiVersion, type ApiVersionState } from '../channel/api-version.ts';

export interface PlatformSummary {
  id: string;
  name: string;
  /** How an account is connected: on a page of the platform, or with a password that its author makes for SoloSpark. */
  connection: 'consent' | 'password';
  /** Its accounts live on servers of many owners, so the author names the server. */
  anyServer: boolean;
  /** What the operator registers there, letter by letter. Null where nothing has to be registered. */
  redirectUri: string | null;
  /** Real accounts can be connected: the operator has set what that needs. */
  available: boolean;
  /** Accounts of its sandbox can be connected. */
  sandbox: boolean;
  /** Null: its calls name no version. */
  apiVersion: ApiVersionState | null;
  limits: Limits;
  /** The JSON Schema of what can be chosen for a post. */
  settings: Record<string, unknown>;
}

/** Every platform that this installation publishes to, and what is needed to connect an account. */
export function listPlatforms(
  ctx: Pick<Context, 'platforms' | 'findPublisher' | 'settings' | 'clock'>,
): PlatformSummary[] {
  return ctx.platforms.flatMap((id) => {
    const publisher = ctx.findPublisher(id);
    if (!publisher) return [];
    const { name, connection, anyServer = false, limits, settings } = publisher;
    const available = !needsApp(publisher) || ctx.settings.apps[id] !== undefined;
    return [
      {
        id,
        name,
        connection: connection.kind,
        anyServer,
        redirectUri: needsApp(publisher)
          ? redirectUriOf(ctx, publisher, { sandbox: false, server: '' })
          : null,
        available,
        sandbox: ctx.settings.sandboxUrl !== null,
        apiVersion: describeApiVersion(ctx, publisher),
        limits,
        settings: { ...settings },
      },
    ];
  });
}

function needsApp({ connection }: Publisher): boolean {
  return connection.kind === 'consent' && connection.registerClient === null;
}
