import { createHash } from 'node:crypto';

/** In base64url. Of a secret it is enough to know it again; also PKCE's S256 (RFC 7636). */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
