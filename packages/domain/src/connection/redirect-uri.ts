import type { Publisher } from '@solospark/publishers';
import { baseUrlOf, type Place } from '../channel/place.ts';
import type { Context } from '../context.ts';
import { foreignAnswer } from './answer.ts';
import { hashOf } from './connection.ts';

/**
 * Where a server sends authors back to: no two servers share an address, so an answer tells by where it arrives whose it is
 * (RFC 9700, section 4.4.2.2). Platforms compare it letter by letter, and the operator registers those of single services.
 */
export function redirectUriOf(ctx: Pick<Context, 'settings'>, publisher: Publisher, place: Place): string {
  const server = serverIdOf(ctx, publisher, place);
  return `${sharedRedirectUri(ctx)}/${publisher.id}${server === null ? '' : `/${server}`}`;
}

/**
 * An answer belongs to the server whose address it arrived at. Another server's is not looked at any further: its code is
 * neither kept nor told to anybody.
 * @throws DomainError `foreign_answer`.
 */
export function assertReceivedAt(
  ctx: Pick<Context, 'settings'>,
  publisher: Publisher,
  place: Place,
  receivedAt: string,
): void {
  const expected = redirectUriOf(ctx, publisher, place);
  if (receivedAt === expected) return;
  const { name, connection } = publisher;
  if (receivedAt !== sharedRedirectUri(ctx)) {
    throw foreignAnswer(`The answer arrived at the address of another server, and ${name} was asked.`);
  }
  const isRegisteredByHand =
    !place.sandbox && connection.kind === 'consent' && connection.registerApp === null;
  throw foreignAnswer(
    `The answer arrived at ${receivedAt}, which served all platforms together in earlier versions and is not used any more.` +
      (isRegisteredByHand ? ` Whoever runs SoloSpark has to register ${expected} at ${name} instead.` : ''),
  );
}

/** What stands before the platform's id. It was the whole address once, for all platforms together. */
function sharedRedirectUri({ settings }: Pick<Context, 'settings'>): string {
  return `${settings.publicUrl}/connections/callback`;
}

/** Null where the platform is one service. A hash is never as short as the sandbox's name. */
function serverIdOf(
  { settings }: Pick<Context, 'settings'>,
  publisher: Publisher,
  place: Place,
): string | null {
  if (place.sandbox) return 'sandbox';
  if (!publisher.anyServer) return null;
  return hashOf(baseUrlOf(publisher, place, settings.sandboxUrl) ?? publisher.baseUrl);
}
