import { sha256 } from '@solospark/foundation';
import type { Publisher } from '@solospark/publishers';
import { baseUrlOf, type Endpoint } from './endpoint.ts';
import type { Context } from '../context.ts';

/**
 * Where a server sends authors back to: no two servers share an address, so an answer tells by where it arrives whose it is
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

/** What stands before the platform's id. It was the whole address once, for all platforms together. */
export function sharedRedirectUri({ settings }: Pick<Context, 'settings'>): string {
  return `${settings.publicUrl}/connections/callback`;
}

/** Null where the platform is one service. A hash is never as short as the sandbox's name. */
function serverIdOf(
  { settings }: Pick<Context, 'settings'>,
  publisher: Publisher,
  endpoint: Endpoint,
): string | null {
  if (endpoint.sandbox) return 'sandbox';
  if (!publisher.anyServer) return null;
  return sha256(baseUrlOf(publisher, endpoint, settings.sandboxUrl) ?? publisher.baseUrl);
}
