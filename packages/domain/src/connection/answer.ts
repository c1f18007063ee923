import type { Issuer, Publisher } from '@solospark/publishers';
import type { Endpoint } from '../channel/endpoint.ts';
import { redirectUriOf, sharedRedirectUri } from '../channel/redirect-uri.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';

// Pure rules of the answer with which a server sends the author back. It comes through a browser, so anybody may have made
// it.

export interface Answer {
  state: string;
  /** Null: the author said no, or the server did not allow it. */
  code: string | null;
  /** How the server names itself (RFC 9207), where it does. */
  iss: string | null;
}

/** RFC 6749, section 3.1: no parameter more than once. */
const KNOWN = ['state', 'code', 'error', 'iss'];

/** @throws DomainError `invalid_answer` for an answer that is ambiguous or incomplete. */
export function readAnswer(query: URLSearchParams): Answer {
  const repeated = KNOWN.find((name) => query.getAll(name).length > 1);
  if (repeated !== undefined) throw invalidAnswer(`it has "${repeated}" more than once`);
  const [state, code, error, iss] = KNOWN.map((name) => query.get(name) || null);
  if (!state) throw invalidAnswer('it has no "state"');
  if (!code && !error) throw invalidAnswer('it has neither "code" nor "error"');
  if (code && error) throw invalidAnswer('it has "code" and "error"');
  return { state, code: code ?? null, iss: iss ?? null };
}

/**
 * An honest server's code must never go to another server, which could use it (the mix-up attack, RFC 9700, section 4.4).
 * @throws DomainError `foreign_answer` where the answer names another server, or names none although this server always names
 * itself.
 */
export function assertIssuer(publisher: Publisher, issuer: Issuer, { iss }: Answer): void {
  if (iss === null && !issuer.required) return;
  if (iss !== null && issuer.names.includes(iss)) return;
  const what = iss === null ? 'does not say who sent it' : 'was sent by another server';
  throw foreignAnswer(`The answer ${what}, and ${publisher.name} was asked.`);
}

/**
 * An answer belongs to the server at whose address it arrived. One that arrived at another address is rejected: its code is
 * neither stored nor passed on.
 * @throws DomainError `foreign_answer`.
 */
export function assertReceivedAt(
  ctx: Pick<Context, 'settings'>,
  publisher: Publisher,
  endpoint: Endpoint,
  receivedAt: string,
): void {
  const expected = redirectUriOf(ctx, publisher, endpoint);
  if (receivedAt === expected) return;
  const { name, connection } = publisher;
  if (receivedAt !== sharedRedirectUri(ctx)) {
    throw foreignAnswer(`The answer arrived at the address of another server, and ${name} was asked.`);
  }
  const isRegisteredByHand =
    !endpoint.sandbox && connection.kind === 'consent' && connection.registerClient === null;
  throw foreignAnswer(
    `The answer arrived at ${receivedAt}, which served all platforms together in earlier versions and is not used any more.` +
      (isRegisteredByHand ? ` Whoever runs SoloSpark has to register ${expected} at ${name} instead.` : ''),
  );
}

function foreignAnswer(reason: string): DomainError {
  return new DomainError(
    'foreign_answer',
    `${reason} It was not used and nothing was connected: this may have been an attempt to take over an account. If you ` +
      'began this yourself, start again where you connect accounts, and only with a server that you trust.',
  );
}

function invalidAnswer(what: string): DomainError {
  return new DomainError(
    'invalid_answer',
    `The answer of the platform cannot be read: ${what}. Nothing was connected. Start again where you connect accounts.`,
  );
}
