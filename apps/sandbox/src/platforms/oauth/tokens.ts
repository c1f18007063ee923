import { createHmac } from 'node:crypto';
import type { Challenge } from './pkce.ts';

/** What every code and token says of itself. */
interface Claims {
  platform: string;
  handle: string;
  clientId: string;
  scopes: string[];
  /** Names it; what is made later has a higher one. */
  id: string;
  /** The id of the code that it descends from: one consent of one person. */
  grant: string;
  /** Epoch milliseconds, as all times here. */
  issuedAt: number;
  /** Without it, it never ends by itself. */
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
/** In the browser of a person who has agreed: what they need not be asked a second time. */
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

/** Turns claims into an opaque word that carries them, so that nothing has to be kept and it outlives a restart. */
export function seal(claims: object): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${payload}.${signatureOf(payload)}`;
}

/** The claims in a word that this sandbox, or an earlier one, has sealed; undefined for any other. */
export function unseal(word: string | undefined): Sealed | undefined {
  const [payload, signature, ...more] = (word ?? '').split('.');
  if (payload === undefined || more.length > 0 || signature !== signatureOf(payload)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Sealed;
}

/** Whether the token still stands is another question: `Grants.stateOf`. */
export function readToken<K extends keyof ClaimsOf>(
  platform: string,
  kind: K,
  token: string | undefined,
): ClaimsOf[K] | undefined {
  const claims = unseal(token);
  return claims?.kind === kind && claims.platform === platform ? (claims as ClaimsOf[K]) : undefined;
}

/** Not a secret: the sandbox guards nothing. */
const signatureOf = (payload: string) =>
  createHmac('sha256', 'sandbox oauth').update(payload).digest('base64url');
