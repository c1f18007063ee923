import { createHash } from 'node:crypto';

export type ChallengeMethod = 'S256' | 'plain';

/** PKCE (RFC 7636): sent with the authorization request. A code can only be exchanged with the matching verifier. */
export interface Challenge {
  method: ChallengeMethod;
  value: string;
}

export function answersChallenge({ method, value }: Challenge, verifier: string): boolean {
  const answer = method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  return answer === value;
}
