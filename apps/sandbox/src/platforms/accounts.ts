import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

export const handlePattern = '^[a-z0-9-]{1,40}$';

/** The account of calls without a token, where they are allowed. */
export const visitor = 'visitor';

/** The token of an account is `sandbox-<handle>`; tokens that a platform issues are mapped to such a handle. */
export function handleOfToken(token: string | undefined): string | undefined {
  return /^sandbox-([a-z0-9-]{1,40})$/.exec(token ?? '')?.[1];
}

export function bearerTokenOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** A decimal number of exactly `digits` digits (at most 18), derived from the name. */
export function numberFromName(name: string, digits: number): string {
  const lowest = 10n ** BigInt(digits - 1);
  const hash = createHash('sha256').update(name).digest().readBigUInt64BE();
  return String(lowest + (hash % (9n * lowest)));
}

/** `length` characters of the URL-safe base64 alphabet (at most 43), derived from the name. */
export function tokenFromName(name: string, length: number): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, length);
}
