import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

export const handlePattern = '^[a-z0-9-]{1,40}$';

/** Whoever calls without an account, where that is allowed. */
export const visitor = 'visitor';

/** `sandbox-<handle>` is the whole of the account system; a platform's own tokens stand for such a handle. */
export function handleOfToken(token: string | undefined): string | undefined {
  return /^sandbox-([a-z0-9-]{1,40})$/.exec(token ?? '')?.[1];
}

export function bearerTokenOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** A decimal number of exactly `digits` digits (at most 18), always the same for the same name. */
export function numberFromName(name: string, digits: number): string {
  const lowest = 10n ** BigInt(digits - 1);
  const hash = createHash('sha256').update(name).digest().readBigUInt64BE();
  return String(lowest + (hash % (9n * lowest)));
}

/** `length` characters of the URL-safe base64 alphabet (at most 43), always the same for the same name. */
export function tokenFromName(name: string, length: number): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, length);
}
