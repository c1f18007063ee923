import type { FastifyRequest } from 'fastify';
import type { Step } from '../../steps.ts';
import type { World } from '../../world/world.ts';
import { accessGuard } from '../oauth/access.ts';
import { authorizePages } from '../oauth/authorize.ts';
import { basicCredentialsOf, secretOf } from '../oauth/clients.ts';
import { openGrants, type CodeProblem } from '../oauth/grants.ts';
import { formOrJsonOf, type Parameters } from '../oauth/parameters.ts';
import { readToken, type CodeClaims, type TokenClaims } from '../oauth/tokens.ts';
import type { Answer, Call, Endpoint, KnownCall, SandboxPlatform } from '../platform.ts';
import { forbidden, oauthError, refusals } from './refusals.ts';

const codeLifetimeMs = 30_000;
const accessLifetimeSeconds = 7200;
const refreshLifetimeMs = 182 * 24 * 3_600_000;

const knownScopes = [
  ...['tweet.read', 'tweet.write', 'tweet.moderate.write', 'users.read', 'users.email', 'follows.read'],
  ...['follows.write', 'space.read', 'mute.read', 'mute.write', 'like.read', 'like.write', 'list.read'],
  ...['list.write', 'block.read', 'block.write', 'bookmark.read', 'bookmark.write', 'dm.read', 'dm.write'],
  ...['media.write', 'offline.access'],
];

/** The scopes for each step; all of them are required. */
const wantedScopes: Partial<Record<Step, readonly string[]>> = {
  identity: ['tweet.read', 'users.read'],
  upload: ['media.write'],
  append: ['media.write'],
  finalize: ['media.write'],
  status: ['media.write'],
  publish: ['tweet.read', 'tweet.write', 'users.read'],
  lookup: ['tweet.read', 'users.read'],
  delete: ['tweet.read', 'tweet.write', 'users.read'],
};

/**
 * OAuth 2.0 with PKCE. The token endpoint takes forms, and JSON, which twitter-api-v2 sends. A code is valid for half a minute,
 * and a refresh token for one refresh.
 */
export function openOAuth(world: World, x: SandboxPlatform, rules: { replayEndsGrant: boolean }) {
  const grants = openGrants(world, x.id);

  const pages = authorizePages(x, grants, {
    url: '/i/oauth2/authorize',
    codeLifetimeMs,
    scopeSeparator: / +/,
    knownScopes,
    scopeError: 'invalid_scope',
    pkce: { required: true, methods: ['S256', 'plain'], anyCase: true, methodError: 'invalid_request' },
    maxStateLength: 500,
    denied: { error: 'access_denied' },
  });
  const guard = accessGuard(x, grants, {
    allows: (scopes, { step }: KnownCall) =>
      (wantedScopes[step] ?? []).every((wanted) => scopes.includes(wanted)),
    missingScope: () => forbidden('Forbidden'),
    // X answers the same for expired and for revoked tokens.
    revokedToken: () => refusals.expiredToken(),
  });

  function getToken({ request, now }: Call): Answer {
    const form = formOrJsonOf(request);
    const clientId = clientOf(request, form);
    if (clientId === undefined) return clientRefused();
    if (form['grant_type'] === 'authorization_code') return redeem(form, clientId, now);
    if (form['grant_type'] === 'refresh_token') return refresh(form['refresh_token'], clientId, now);
    return oauthError(400, 'unsupported_grant_type', 'grant_type: authorization_code or refresh_token');
  }

  function redeem(form: Parameters, clientId: string, now: number): Answer {
    const missing = ['code', 'redirect_uri', 'code_verifier'].find((name) => !form[name]);
    if (missing !== undefined) return invalidRequest(`Missing required parameter [${missing}].`);
    const { code, redirect_uri: redirectUri, code_verifier: verifier } = form;
    const redeemed = grants.redeem({ code, clientId, redirectUri, verifier }, now);
    return 'problem' in redeemed
      ? invalidRequest(sentences[redeemed.problem])
      : tokensFrom(redeemed.claims, now);
  }

  function refresh(token: string | undefined, clientId: string, now: number): Answer {
    if (!token) return invalidRequest('Missing required parameter [refresh_token].');
    const claims = readToken(x.id, 'refresh', token);
    if (!claims || claims.clientId !== clientId) return tokenRefused();
    const state = grants.stateOf(claims, now);
    if (state === 'ended' && rules.replayEndsGrant) grants.endGrant(claims);
    if (state !== 'live') return tokenRefused();
    grants.end(claims);
    return tokensFrom(claims, now);
  }

  function tokensFrom(from: CodeClaims | TokenClaims, now: number): Answer {
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        token_type: 'bearer',
        expires_in: accessLifetimeSeconds,
        access_token: grants.issue('access', from, now, accessLifetimeSeconds * 1000),
        scope: from.scopes.join(' '),
        ...(from.scopes.includes('offline.access') && {
          refresh_token: grants.issue('refresh', from, now, refreshLifetimeMs),
        }),
      },
    };
  }

  /** Revokes this token only. Idempotent: also 200 for an unknown token. */
  function revoke({ request }: Call): Answer {
    const form = formOrJsonOf(request);
    const clientId = clientOf(request, form);
    if (clientId === undefined) return clientRefused();
    if (!form['token']) return invalidRequest('Missing required parameter [token].');
    const claims = tokenIn(form);
    if (claims && claims.clientId !== clientId) return tokenRefused();
    if (claims) grants.end(claims);
    return { status: 200, body: { revoked: true } };
  }

  const tokenIn = ({ token }: Parameters) =>
    readToken(x.id, 'access', token) ?? readToken(x.id, 'refresh', token);
  const handleOfCode = (request: FastifyRequest) => {
    const { code, refresh_token: refreshToken } = formOrJsonOf(request);
    return (readToken(x.id, 'code', code) ?? readToken(x.id, 'refresh', refreshToken))?.handle;
  };
  const handleOfToken = (request: FastifyRequest) => tokenIn(formOrJsonOf(request))?.handle;

  const endpoints: Endpoint[] = [
    { method: 'POST', url: '/2/oauth2/token', step: 'token', handleOf: handleOfCode, answer: getToken },
    { method: 'POST', url: '/2/oauth2/revoke', step: 'token', handleOf: handleOfToken, answer: revoke },
  ];
  return { pages, endpoints, guard };
}

/** The client. A confidential app authenticates with its secret in the header; a public one sends only its id in the form. */
function clientOf(request: FastifyRequest, form: Parameters): string | undefined {
  if (request.headers.authorization === undefined) return form['client_id'] || undefined;
  const basic = basicCredentialsOf(request);
  return basic && basic.clientSecret === secretOf(basic.clientId) ? basic.clientId : undefined;
}

const invalidRequest = (description: string) => oauthError(400, 'invalid_request', description);
const tokenRefused = () => invalidRequest('Value passed for the token was invalid.');
const clientRefused = () => oauthError(401, 'unauthorized_client', 'Missing valid authorization header');

const sentences: Record<CodeProblem, string> = {
  code: 'Value passed for the authorization code was invalid.',
  expired: 'Value passed for the authorization code was invalid.',
  redirect_uri: 'Value passed for the redirect uri did not match the uri of the authorization code.',
  code_verifier: 'Value passed for the code verifier did not match the code challenge.',
};
