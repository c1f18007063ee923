import { randomBytes } from 'node:crypto';
import { parseUrl, sha256 } from '@solospark/foundation';
import type { Publisher } from '@solospark/publishers';
import { DomainError } from '../errors.ts';
import { invalidConnection } from '../channel/invalid-connection.ts';
import type { Endpoint } from '../channel/endpoint.ts';

// Pure rules of a connection: the author's way to a platform's page and back.

/** Long enough to sign in there, with a second factor. */
export const CONNECTION_LIFETIME_MS = 15 * 60_000;

/** 256 random bits, in a form for URLs. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The stored hash of a page of ours. Only the browser that was shown the page, with the page's form, can produce it. */
export function formHashOf({ formToken, browserKey }: { formToken: string; browserKey: string }): string {
  return sha256(`${formToken} ${browserKey}`);
}

/** A verifier is sealed for one connection: copied to another row it cannot be unsealed. */
export function verifierContext(id: string): string {
  return `connection:${id}`;
}

/**
 * The origin of the server that a person has named: `mastodon.example`, or its URL. Empty: they named none.
 * @throws DomainError `invalid_connection` for anything else.
 */
export function parseServer(publisher: Publisher, text: string | undefined, allowHttp: boolean): string {
  const named = text?.trim() ?? '';
  if (named === '') return '';
  if (!publisher.anyServer) {
    throw invalidConnection('/server', 'not_allowed', `must be left out: ${publisher.name} is one service`);
  }
  const address = /^https?:\/\//i.test(named) ? named : `https://${named}`;
  const url = parseUrl(address);
  if (!url || url.href !== `${url.origin}/` || url.hostname === '') {
    throw invalidConnection('/server', 'format', 'must be the name of a server, and nothing behind it');
  }
  if (url.protocol !== 'https:' && !allowHttp) {
    throw invalidConnection('/server', 'https', 'must be reached over https');
  }
  return url.origin;
}

/** The endpoint of a new account. The sandbox stands in for one server of each platform. */
export function placeOf(
  publisher: Publisher,
  input: { sandbox?: boolean | undefined; server?: string | undefined },
  allowHttp: boolean,
): Endpoint {
  const server = parseServer(publisher, input.server, allowHttp);
  if (input.sandbox && server !== '') {
    throw invalidConnection('/server', 'not_allowed', 'must be left out for an account of the sandbox');
  }
  return { sandbox: input.sandbox ?? false, server };
}

export function connectionNotFound(): DomainError {
  return new DomainError(
    'connection_not_found',
    'This connection is not known, was used already, or is too old. Start again where you connect accounts.',
  );
}

export function notFromOurPage(): DomainError {
  return new DomainError(
    'cross_site_request',
    'This was not sent from the page that names the organization, or that page was used or opened anew meanwhile. Nothing was ' +
      'changed. Open the link again, and go on from the page that it shows.',
  );
}
