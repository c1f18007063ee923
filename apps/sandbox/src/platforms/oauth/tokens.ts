import { createHmac } from 'node:crypto';
import type { Challenge } from './pkce.ts';

/** The claims of every code and token. */
interface Claims {
  platform: string;
  handle: string;
  clientId: string;
  scopes: string[];
  /** Unique, and rising with time. */
  id: string;
  /** The id of the code that it comes from: one consent of one person. */
  grant: string;
  /** Epoch milliseconds, as all times here. */
  issuedAt: number;
  /** Absent for tokens that do not expire. */
  expiresAt?: number;
}

export interface CodeClaims extends Claims {
  kind: 'code';
  redirectUri: string;
  challenge?: Challenge;
  nonce?: string;
}
export interface AccessClaims extends Claims {
  kind: 'access';
}
export interface RefreshClaims extends Claims {
  kind: 'refresh';
}
/** The cookie of a person who has agreed, so that they need not be asked a second time. */
export interface AgreementClaims extends Claims {
  kind: 'agreement';
}
export type TokenClaims = AccessClaims | RefreshClaims | AgreementClaims;

interface ClaimsOf {
  code: CodeClaims;
  access: AccessClaims;
  refresh: RefreshClaims;
  agreement: AgreementClaims;
}

interface Sealed {
  kind?: unknown;
  platform?: unknown;
}

/** Encodes claims as a signed opaque string, so that no state is kept and tokens survive a restart. */
export function seal(claims: object): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${payload}.${signatureOf(payload)}`;
}

/** The claims of a string that a sandbox has sealed, also before a restart; undefined for anything else. */
export function unseal(word: string | undefined): Sealed | undefined {
  const [payload, signature, ...more] = (word ?? '').split('.');
  if (payload === undefined || more.length > 0 || signature !== signatureOf(payload)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Sealed;
}

/** Checks the signature, the platform and the kind only; `Grants.stateOf` tells whether the token is still valid. */
export function readToken<K extends keyof ClaimsOf>(
  platform: string,
  kind: K,
  token: string | undefined,
): ClaimsOf[K] | undefined {
  const claims = unseal(token);
  return claims?.kind === kind && claims.platform === platform ? (claims as ClaimsOf[K]) : undefined;
}

/** The key is not a secret: the sandbox protects nothing. */
const signatureOf = (payload: string) =>
  createHmac('sha256', 'sandbox oauth').update(payload).digest('base64url');
