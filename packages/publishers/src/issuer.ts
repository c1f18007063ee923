import { Type } from 'typebox';
import { decode } from './answer.ts';
import type { ConnectionCall, Issuer } from './connection.ts';
import { PublisherError } from './publisher.ts';

// The issuer that a server names in its redirect back to SoloSpark (RFC 9207).

/** For a platform that is one service: one of its hosts. No such platform documents that it always sends an issuer. */
export function issuerAt({ at }: Pick<ConnectionCall, 'at'>, ...hosts: string[]): Issuer {
  return { names: hosts.flatMap((host) => withAndWithoutSlash(at(host))), required: false };
}

/**
 * For a server that publishes its issuer in its metadata (RFC 8414). Metadata that names another server is ignored: a server
 * could claim to be a well-known one. Without metadata, an issuer in the redirect must still be the server's own address.
 * @throws PublisherError when the server cannot be asked now: a missing answer must not switch the check off. NoAnswerError.
 */
export async function readIssuer({ http, at }: ConnectionCall, host: string, name: string): Promise<Issuer> {
  const own = withAndWithoutSlash(at(host));
  const response = await http.request({ method: 'GET', path: '/.well-known/oauth-authorization-server' });
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new PublisherError({
      kind: 'unavailable',
      actor: 'platform',
      reason: `${name} did not answer as it should. Try again in a moment.`,
      detail: `HTTP ${response.status} for the server's metadata`,
    });
  }
  const metadata = response.status === 200 ? decode(Metadata, response) : undefined;
  if (!metadata || !own.includes(metadata.issuer)) return { names: own, required: false };
  return {
    names: [metadata.issuer],
    required: metadata.authorization_response_iss_parameter_supported ?? false,
  };
}

function withAndWithoutSlash(address: string): string[] {
  const bare = address.replace(/\/$/, '');
  return [bare, `${bare}/`];
}

const Metadata = Type.Object({
  issuer: Type.String(),
  authorization_response_iss_parameter_supported: Type.Optional(Type.Boolean()),
});
