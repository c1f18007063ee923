import { createHmac, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { World } from '../../world/world.ts';
import { bearerTokenOf } from '../accounts.ts';
import type { Answer, Call, Endpoint, KnownCall } from '../platform.ts';
import { countInWindow, type WindowCount } from '../windows.ts';
import { didOf, domainOf, handleOfDomain } from './accounts.ts';
import {
  authenticationRequired,
  expiredToken,
  invalidRequest,
  invalidToken,
  isSignIn,
  rateHeaders,
  rateLimitExceeded,
} from './refusals.ts';

const minuteMs = 60_000;
const accessLifetimeMs = 120 * minuteMs;
const refreshLifetimeMs = 90 * 24 * 60 * minuteMs;
/** How long a used refresh token still works. */
const graceMs = 120 * minuteMs;
const signInWindowMs = 5 * minuteMs;

type Scope = 'com.atproto.appPass' | 'com.atproto.refresh';

interface Claims {
  scope: Scope;
  handle: string;
  /** Epoch seconds. */
  exp: number;
  jti: string;
}

const SignInBody = Type.Object(
  {
    identifier: Type.String(),
    password: Type.String(),
    authFactorToken: Type.Optional(Type.String()),
    allowTakendown: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** The sandbox token of a call: at sign-in the app password is that token, later the session token is mapped to it. */
export function tokenOf(request: FastifyRequest): string | undefined {
  if (isSignIn(request)) {
    const password = (request.body as { password?: unknown } | null | undefined)?.password;
    return typeof password === 'string' ? password : undefined;
  }
  const claims = claimsOf(request);
  return claims ? `sandbox-${claims.handle}` : bearerTokenOf(request);
}

/** Sessions by app password: access tokens for two hours, refresh tokens for ninety days; each refresh issues new ones. */
export function openSessions(world: World, rules: { signInsPerWindow: number }) {
  /** The time of the first use of each refresh token, by its id. */
  const used = world.createTable<number>(50_000);
  const signIns = world.createTable<WindowCount>(50_000);

  function signIn({ request, account, now }: Call): Answer {
    const problem = findProblem(SignInBody, request.body);
    if (problem) return invalidRequest(`${problem.field} ${problem.rule}`);
    const { identifier } = request.body as { identifier: string };
    if (handleOfDomain(identifier) !== account.handle && identifier !== account.id) {
      return authenticationRequired('Invalid identifier or password');
    }
    const window = countInWindow(signIns, account.handle, now, now + signInWindowMs);
    const points = rules.signInsPerWindow;
    const headers = rateHeaders({
      points,
      windowSeconds: signInWindowMs / 1000,
      left: points - window.used,
      resetsAt: window.endsAt,
    });
    if (window.used > points) return { ...rateLimitExceeded(), headers };
    return { status: 200, headers, body: sessionOf(account.handle, now) };
  }

  function refresh({ request, account, now }: Call): Answer {
    const jti = claimsOf(request)?.jti ?? '';
    const usedAt = used.get(jti);
    if (usedAt !== undefined && now >= usedAt + graceMs) return expiredToken('Token has been revoked');
    if (usedAt === undefined) used.set(jti, now);
    return { status: 200, body: sessionOf(account.handle, now) };
  }

  const read = ({ account }: Call): Answer => ({
    status: 200,
    body: { did: account.id, handle: domainOf(account.handle), active: true },
  });

  /** Checks the tokens of sessions. The sandbox's own tokens, `sandbox-…`, are always valid. */
  function guard({ request, now }: KnownCall): Answer | undefined {
    if (isSignIn(request)) return undefined;
    const wanted: Scope = request.routeOptions.url?.endsWith('.refreshSession')
      ? 'com.atproto.refresh'
      : 'com.atproto.appPass';
    const claims = claimsOf(request);
    if ((claims?.scope ?? 'com.atproto.appPass') !== wanted) return invalidToken('Bad token scope');
    return claims && now >= claims.exp * 1000 ? expiredToken('Token has expired') : undefined;
  }

  const endpoints: Endpoint[] = [
    { method: 'POST', url: '/xrpc/com.atproto.server.createSession', step: 'identity', answer: signIn },
    { method: 'POST', url: '/xrpc/com.atproto.server.refreshSession', step: 'identity', answer: refresh },
    { method: 'GET', url: '/xrpc/com.atproto.server.getSession', step: 'identity', answer: read },
  ];
  return { endpoints, guard };
}

function sessionOf(handle: string, now: number) {
  return {
    did: didOf(handle),
    handle: domainOf(handle),
    active: true,
    accessJwt: sign({ scope: 'com.atproto.appPass', handle, now, lifetimeMs: accessLifetimeMs }),
    refreshJwt: sign({ scope: 'com.atproto.refresh', handle, now, lifetimeMs: refreshLifetimeMs }),
  };
}

function sign(token: { scope: Scope; handle: string; now: number; lifetimeMs: number }): string {
  const { scope, handle, now, lifetimeMs } = token;
  const typ = scope === 'com.atproto.refresh' ? 'refresh+jwt' : 'at+jwt';
  const [iat, exp] = [Math.floor(now / 1000), Math.floor((now + lifetimeMs) / 1000)];
  const claims = { scope, sub: didOf(handle), handle, iat, exp, jti: randomUUID() };
  const signed = [{ typ, alg: 'HS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${signatureOf(signed)}`;
}

/** The claims of a session token; undefined for anything else. */
function claimsOf(request: FastifyRequest): Claims | undefined {
  const [header, payload, signature, ...more] = (bearerTokenOf(request) ?? '').split('.');
  if (payload === undefined || more.length > 0 || signature !== signatureOf(`${header}.${payload}`))
    return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
}

/** The key is not a secret, because the sandbox protects nothing. It is constant, so that tokens survive a restart. */
const signatureOf = (signed: string) => createHmac('sha256', 'sandbox').update(signed).digest('base64url');
