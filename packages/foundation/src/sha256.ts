import { createHash } from 'node:crypto';

/** In base64url. For secrets that only have to be recognised, and for PKCE's S256 (RFC 7636). */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
