import { Type } from 'typebox';
import { decode } from './answer.ts';
import type { ConnectionCall, Issuer } from './connection.ts';
import { PublisherError } from './publisher.ts';

// How a server names itself in the answer with which it sends an author back (RFC 9207).

/** Of a platform that is one service: one of its own hosts. None of them has said that it always does. */
export function issuerAt({ at }: Pick<ConnectionCall, 'at'>, ...hosts: string[]): Issuer {
  return { names: hosts.flatMap((host) => withAndWithoutSlash(at(host))), required: false };
}

/**
 * Of a server that tells it in its metadata (RFC 8414). Metadata that names another server counts for nothing: anybody could
 * name a well-known one. Without any, a name that is sent still has to be the server's own address.
 * @throws PublisherError when it cannot be asked just now: whether a name is required is not left to luck. NoAnswerError.
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
