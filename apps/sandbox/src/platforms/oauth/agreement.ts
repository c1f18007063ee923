import type { FastifyRequest } from 'fastify';
import type { Answer, SandboxPlatform } from '../platform.ts';
import type { Grants } from './grants.ts';
import type { Question } from './question.ts';
import { readToken } from './tokens.ts';

// Some platforms do not ask a person again who has authorized the app before, unless the app requires it. The browser keeps
// the earlier agreement in a cookie, so that it survives a restart of the sandbox.

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

/** The account of an earlier agreement with the same app and at least these scopes, if it was not withdrawn. */
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
