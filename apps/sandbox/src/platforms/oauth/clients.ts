import type { FastifyRequest } from 'fastify';

export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

/** Where apps are registered by hand, in a portal, any id is known here, and this is its secret. */
export const secretOf = (clientId: string) => `${clientId}-secret`;

/** RFC 6749 has both parts percent-encoded; not every client does that, and most ids look the same either way. */
export function basicCredentialsOf(request: FastifyRequest): ClientCredentials | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { clientId: decode(clientId), clientSecret: decode(rest.join(':')) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
