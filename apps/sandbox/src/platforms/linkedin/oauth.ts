import type { FastifyRequest } from 'fastify';
import type { Step } from '../../steps.ts';
import type { World } from '../../world/world.ts';
import { accessGuard } from '../oauth/access.ts';
import { authorizePages } from '../oauth/authorize.ts';
import { secretOf } from '../oauth/clients.ts';
import { openGrants } from '../oauth/grants.ts';
import { formOf, type Parameters } from '../oauth/parameters.ts';
import { readToken, type CodeClaims, type RefreshClaims } from '../oauth/tokens.ts';
import type { Answer, Call, Endpoint, SandboxPlatform } from '../platform.ts';
import { isOrganization } from './accounts.ts';
import { openIdEndpoints, signIdToken } from './id-token.ts';
import { accessDenied, codeNotFound, codeRefused, oauthError, revokedToken } from './refusals.ts';

const dayMs = 24 * 3_600_000;
const codeLifetimeMs = 30 * 60_000;
const accessLifetimeMs = 60 * dayMs;
const refreshLifetimeMs = 365 * dayMs;

/** The scopes that an app gets without a review, and those for organizations. LinkedIn no longer grants `r_member_social`. */
const knownScopes = [
  ...['openid', 'profile', 'email', 'w_member_social'],
  ...['w_organization_social', 'r_organization_social'],
];

/** The name of each step's resource in refusals. */
const resources: Partial<Record<Step, string>> = {
  identity: 'userinfo.GET.NO_VERSION',
  upload: 'images.ACTION-initializeUpload',
  status: 'images.GET',
  publish: 'posts.CREATE',
  lookup: 'posts.FINDER-author',
  delete: 'posts.DELETE',
};

/** Three-legged OAuth without PKCE: a token for sixty days, and refresh tokens only for partners. */
export function openOAuth(world: World, linkedin: SandboxPlatform, rules: { refreshTokens: boolean }) {
  const grants = openGrants(world, linkedin.id);
  /** The scopes of the last consent, by app and account. */
  const allowed = world.createTable<string>(50_000);

  const pages = authorizePages(linkedin, grants, {
    url: '/oauth/v2/authorization',
    codeLifetimeMs,
    // The documents say spaces; LinkedIn's own client sends commas.
    scopeSeparator: /[ ,]+/,
    knownScopes,
    scopeError: 'unauthorized_scope_error',
    denied: {
      error: 'user_cancelled_authorize',
      error_description: 'The user cancelled the authorization',
    },
  });
  const guard = accessGuard(linkedin, grants, {
    allows: (scopes, { step, handle }) =>
      wantedScopes(step, handle).every((wanted) => scopes.includes(wanted)),
    missingScope: ({ step }) => accessDenied(resources[step] ?? step),
    revokedToken,
  });

  function getToken({ request, now, origin }: Call): Answer {
    const form = formOf(request);
    const renews = form['grant_type'] === 'refresh_token';
    const required = ['grant_type', ...(renews ? ['refresh_token'] : ['code', 'redirect_uri'])];
    const missing = [...required, 'client_id', 'client_secret'].find((name) => !form[name]);
    if (missing !== undefined) {
      return oauthError(400, 'invalid_request', `A required parameter "${missing}" is missing`);
    }
    const { client_id: clientId = '', client_secret: clientSecret } = form;
    if (clientSecret !== secretOf(clientId)) {
      return oauthError(401, 'invalid_client', 'Client authentication failed');
    }
    if (renews) return refresh(form['refresh_token'], clientId, now);
    if (form['grant_type'] === 'authorization_code') return redeem(form, { clientId, now, origin });
    return oauthError(400, 'unsupported_grant_type', 'grant_type: authorization_code or refresh_token');
  }

  function redeem(
    form: Parameters,
    { clientId, now, origin }: { clientId: string; now: number; origin: string },
  ): Answer {
    const { code, redirect_uri: redirectUri } = form;
    const redeemed = grants.redeem({ code, clientId, redirectUri, verifier: undefined }, now);
    if ('problem' in redeemed) return redeemed.problem === 'code' ? codeNotFound() : codeRefused();
    const { claims } = redeemed;
    endOtherScopes(claims);
    const accessToken = grants.issue('access', claims, now, accessLifetimeMs);
    return tokens(claims, accessToken, accessLifetimeMs, {
      ...(rules.refreshTokens && {
        refresh_token: grants.issue('refresh', claims, now, refreshLifetimeMs),
        refresh_token_expires_in: refreshLifetimeMs / 1000,
      }),
      ...(claims.scopes.includes('openid') && { id_token: signIdToken(claims, origin, now) }),
    });
  }

  /** Issues an access token, and returns the same refresh token: its lifetime is not extended, and limits the access token's. */
  function refresh(token: string | undefined, clientId: string, now: number): Answer {
    const claims = readToken(linkedin.id, 'refresh', token);
    const isLive = claims?.clientId === clientId && grants.stateOf(claims, now) === 'live';
    if (!rules.refreshTokens || !claims || !isLive) {
      return oauthError(400, 'invalid_grant', 'The provided refresh token is invalid, expired or revoked');
    }
    const leftMs = (claims.expiresAt ?? now) - now;
    const lifetimeMs = Math.min(accessLifetimeMs, leftMs);
    return tokens(claims, grants.issue('access', claims, now, lifetimeMs), lifetimeMs, {
      refresh_token: token,
      refresh_token_expires_in: Math.floor(leftMs / 1000),
    });
  }

  /** A consent with other scopes than before ends the earlier tokens of that app and account. */
  function endOtherScopes(claims: CodeClaims): void {
    const key = `${claims.clientId} ${claims.handle}`;
    const scopes = [...claims.scopes].sort().join(' ');
    const before = allowed.get(key);
    if (before !== undefined && before !== scopes) grants.endEarlier(claims);
    allowed.set(key, scopes);
  }

  const handleOf = (request: FastifyRequest) => {
    const { code, refresh_token: refreshToken } = formOf(request);
    return (readToken(linkedin.id, 'code', code) ?? readToken(linkedin.id, 'refresh', refreshToken))?.handle;
  };
  const endpoints: Endpoint[] = [
    { method: 'POST', url: '/oauth/v2/accessToken', step: 'token', handleOf, answer: getToken },
    ...openIdEndpoints(knownScopes),
  ];
  return { pages, endpoints, guard };
}

/** The scopes are sorted, and separated by commas instead of the spaces that OAuth requires. */
function tokens(
  { scopes }: CodeClaims | RefreshClaims,
  accessToken: string,
  lifetimeMs: number,
  more: Record<string, unknown> = {},
): Answer {
  const expiresInSeconds = Math.floor(lifetimeMs / 1000);
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: accessToken,
      expires_in: expiresInSeconds,
      scope: [...scopes].sort().join(','),
      token_type: 'Bearer',
      ...more,
    },
  };
}

/** Members may not read with any scope, so reading requires none here; the handler refuses it. */
function wantedScopes(step: Step, handle: string): readonly string[] {
  if (step === 'identity') return ['openid', 'profile'];
  if (!isOrganization(handle))
    return ['upload', 'publish', 'delete'].includes(step) ? ['w_member_social'] : [];
  return step === 'lookup' ? ['r_organization_social'] : ['w_organization_social'];
}
