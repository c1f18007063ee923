import { sha256 } from '@solospark/foundation';
import type { Publisher } from '@solospark/publishers';
import { baseUrlOf, type Endpoint } from './endpoint.ts';
import type { Context } from '../context.ts';

/**
 * Where a server sends authors back to. No two servers share an address, so the address of an answer tells whose answer it is
 * (RFC 9700, section 4.4.2.2). Platforms compare it letter by letter, and the operator registers those of single services.
 */
export function redirectUriOf(
  ctx: Pick<Context, 'settings'>,
  publisher: Publisher,
  endpoint: Endpoint,
): string {
  const server = serverIdOf(ctx, publisher, endpoint);
  return `${sharedRedirectUri(ctx)}/${publisher.id}${server === null ? '' : `/${server}`}`;
}

/** The part before the platform's id. In earlier versions it was the whole address, for all platforms together. */
export function sharedRedirectUri({ settings }: Pick<Context, 'settings'>): string {
  return `${settings.publicUrl}/connections/callback`;
}

/** Null where the platform is one service. A hash is longer than "sandbox", so no server's id equals it. */
function serverIdOf(
  { settings }: Pick<Context, 'settings'>,
  publisher: Publisher,
  endpoint: Endpoint,
): string | null {
  if (endpoint.sandbox) return 'sandbox';
  if (!publisher.anyServer) return null;
  return sha256(baseUrlOf(publisher, endpoint, settings.sandboxUrl) ?? publisher.baseUrl);
}
