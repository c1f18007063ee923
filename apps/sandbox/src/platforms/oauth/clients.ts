import type { FastifyRequest } from 'fastify';

export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

/** The client secret on platforms whose apps are registered in a portal. There, every client id is accepted. */
export const secretOf = (clientId: string) => `${clientId}-secret`;

/** RFC 6749 requires both parts to be percent-encoded. Not every client does that; for most ids it makes no difference. */
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
