import type { FastifyRequest } from 'fastify';
import type { Answer, SandboxPlatform } from '../platform.ts';
import type { Grants } from './grants.ts';
import type { Question } from './question.ts';
import { readToken } from './tokens.ts';

// Some platforms do not ask a person who has let the app in before, unless the app wants that. The browser keeps that they
// did, since the sandbox keeps nothing that a restart would lose.

type Host = Pick<SandboxPlatform, 'id'>;

const cookieOf = ({ id }: Host) => `sandbox_${id}_agreement`;

export function rememberAgreement(
  platform: Host,
  grants: Grants,
  { answer, code, now }: { answer: Answer; code: string; now: number },
): Answer {
  const claims = readToken(platform.id, 'code', code);
  if (!claims) return answer;
  const agreement = grants.issue('agreement', claims, now);
  const cookie = `${cookieOf(platform)}=${agreement}; Path=/${platform.id}; HttpOnly; SameSite=Lax`;
  return { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
}

/** Whose account it was, where it was for the same app and at least as much, and was not taken back since. */
export function agreedBefore(
  platform: Host,
  grants: Grants,
  { question, request, now }: { question: Question; request: FastifyRequest; now: number },
): string | undefined {
  const cookies = (request.headers.cookie ?? '').split(/; */);
  const cookie = cookies.find((pair) => pair.startsWith(`${cookieOf(platform)}=`));
  const claims = readToken(platform.id, 'agreement', cookie?.slice(cookieOf(platform).length + 1));
  if (!claims || claims.clientId !== question.clientId || grants.stateOf(claims, now) !== 'live')
    return undefined;
  return question.scopes.every((scope) => claims.scopes.includes(scope)) ? claims.handle : undefined;
}
