import { createHash } from 'node:crypto';

export type ChallengeMethod = 'S256' | 'plain';

/** Sent with the question, and answered with the code: whoever has only seen the code cannot use it (RFC 7636). */
export interface Challenge {
  method: ChallengeMethod;
  value: string;
}

export function answersChallenge({ method, value }: Challenge, verifier: string): boolean {
  const answer = method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  return answer === value;
}
