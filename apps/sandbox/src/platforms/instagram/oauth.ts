import type { FastifyRequest } from 'fastify';
import type { Step } from '../../steps.ts';
import type { World } from '../../world/world.ts';
import { accessGuard } from '../oauth/access.ts';
import { authorizePages } from '../oauth/authorize.ts';
import { secretOf } from '../oauth/clients.ts';
import { openGrants, type CodeProblem } from '../oauth/grants.ts';
import { formOf } from '../oauth/parameters.ts';
import { readToken, type AccessClaims } from '../oauth/tokens.ts';
import type { Answer, Call, Endpoint, SandboxPlatform } from '../platform.ts';
import { parametersOf, tokenOf } from './parameters.ts';
import * as refuse from './refusals.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const codeLifetimeMs = hourMs;
const shortLifetimeMs = hourMs;
const longLifetimeMs = 60 * dayMs;
const renewableAfterMs = dayMs;

const knownScopes = ['basic', 'content_publish', 'manage_messages', 'manage_comments', 'manage_insights'].map(
  (name) => `instagram_business_${name}`,
);

const wantedScopes: Partial<Record<Step, string>> = {
  identity: 'instagram_business_basic',
  quota: 'instagram_business_basic',
  container: 'instagram_business_content_publish',
  status: 'instagram_business_basic',
  publish: 'instagram_business_content_publish',
  lookup: 'instagram_business_basic',
};

/**
 * Instagram Login. A code is exchanged for a token of one hour, that for a token of sixty days, and that one, once it is a day
 * old, for a new one, repeatedly. There is no refresh token: an expired token cannot be renewed.
 */
export function openOAuth(world: World, instagram: SandboxPlatform) {
  const grants = openGrants(world, instagram.id);

  const pages = authorizePages(instagram, grants, {
    url: '/oauth/authorize',
    codeLifetimeMs,
    scopeSeparator: /[, ]+/,
    knownScopes,
    scopeError: 'invalid_scope',
    denied: {
      error: 'access_denied',
      error_reason: 'user_denied',
      error_description: 'The user denied your request',
    },
    fragment: '#_',
    needsNoAnswer: (query) => query['force_reauth'] !== 'true' && query['force_authentication'] !== '1',
  });
  const guard = accessGuard(instagram, grants, {
    allows: (scopes, { step }) => {
      const wanted = wantedScopes[step];
      return wanted === undefined || scopes.includes(wanted);
    },
    missingScope: refuse.permissionMissing,
    revokedToken: refuse.revokedToken,
  });

  function getShortLived({ request, now }: Call): Answer {
    const form = formOf(request);
    const missing = ['client_id', 'client_secret', 'grant_type', 'redirect_uri', 'code'].find(
      (name) => !form[name],
    );
    if (missing !== undefined) return refuse.codeExchange(`Missing required field ${missing}`);
    const { client_id: clientId = '', client_secret: secret, redirect_uri: redirectUri, code } = form;
    if (secret !== secretOf(clientId)) return refuse.codeExchange('Error validating client secret.');
    if (form['grant_type'] !== 'authorization_code') return refuse.codeExchange('Invalid grant_type');
    const redeemed = grants.redeem({ code, clientId, redirectUri, verifier: undefined }, now);
    if ('problem' in redeemed) return refuse.codeExchange(sentenceFor(redeemed.problem));

    const { claims } = redeemed;
    const token = JSON.stringify(grants.issue('access', claims, now, shortLifetimeMs));
    const permissions = JSON.stringify(claims.scopes);
    // The id is sent as a JSON number of seventeen digits, which JavaScript cannot read exactly.
    const userId = instagram.accountId(claims.handle);
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: `{"access_token":${token},"user_id":${userId},"permissions":${permissions}}`,
    };
  }

  function getLongLived({ request, now }: Call): Answer {
    const { grant_type: type, client_secret: secret } = parametersOf(request);
    if (type !== 'ig_exchange_token') return refuse.invalidParameter('grant_type must be ig_exchange_token');
    const claims = readToken(instagram.id, 'access', tokenOf(request));
    if (!claims || !isShortLived(claims))
      return refuse.invalidParameter('The access token is not short-lived');
    if (secret !== secretOf(claims.clientId))
      return refuse.invalidParameter('Error validating client secret.');
    return longLivedFrom(claims, now);
  }

  function renew({ request, now }: Call): Answer {
    const { grant_type: type } = parametersOf(request);
    if (type !== 'ig_refresh_token') return refuse.invalidParameter('grant_type must be ig_refresh_token');
    const claims = readToken(instagram.id, 'access', tokenOf(request));
    if (!claims) return refuse.invalidParameter('The access token cannot be renewed');
    // A token of one hour is never old enough.
    if (now - claims.issuedAt < renewableAfterMs) {
      return refuse.invalidParameter('The access token must be at least 24 hours old');
    }
    return longLivedFrom(claims, now);
  }

  function longLivedFrom(claims: AccessClaims, now: number): Answer {
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: grants.issue('access', claims, now, longLifetimeMs),
        token_type: 'bearer',
        expires_in: longLifetimeMs / 1000,
      },
    };
  }

  const handleOf = (request: FastifyRequest) =>
    readToken(instagram.id, 'code', formOf(request)['code'])?.handle;
  /** The real one has its own host, and no version in its path. */
  const codeEndpoint: Endpoint = {
    method: 'POST',
    url: '/oauth/access_token',
    step: 'token',
    handleOf,
    answer: getShortLived,
  };
  const endpoints: Endpoint[] = [
    { method: 'GET', url: '/access_token', step: 'token', answer: getLongLived },
    { method: 'GET', url: '/refresh_access_token', step: 'token', answer: renew },
  ];
  return { pages, codeEndpoint, endpoints, guard };
}

const isShortLived = ({ issuedAt, expiresAt }: AccessClaims) => expiresAt === issuedAt + shortLifetimeMs;

function sentenceFor(problem: CodeProblem): string {
  if (problem === 'expired') return 'This authorization code has expired.';
  if (problem === 'redirect_uri') {
    return 'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request';
  }
  return refuse.codeNotFound;
}
