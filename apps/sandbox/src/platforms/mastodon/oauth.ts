import type { FastifyRequest } from 'fastify';
import type { World } from '../../world/world.ts';
import { visitor } from '../accounts.ts';
import { accessGuard } from '../oauth/access.ts';
import { authorizePages } from '../oauth/authorize.ts';
import { basicCredentialsOf } from '../oauth/clients.ts';
import { openGrants } from '../oauth/grants.ts';
import { readToken } from '../oauth/tokens.ts';
import type { Answer, Call, Endpoint, SandboxPlatform } from '../platform.ts';
import { appEndpoint, readApp, secretOf } from './apps.ts';
import { parametersOf, textOf } from './parameters.ts';
import * as refuse from './refusals.ts';
import { allowsCall, knownScopes } from './scopes.ts';

const codeLifetimeMs = 10 * 60_000;

/** Apps register themselves. Tokens are valid until they are revoked, so there is no renewal. */
export function openOAuth(
  world: World,
  mastodon: SandboxPlatform,
  rules: { honoursIdempotencyKey: boolean },
) {
  const grants = openGrants(world, mastodon.id);

  const pages = authorizePages(mastodon, grants, {
    url: '/oauth/authorize',
    codeLifetimeMs,
    scopeSeparator: / +/,
    knownScopes,
    defaultScope: 'read',
    scopeError: 'invalid_scope',
    pkce: { required: false, methods: ['S256'], methodError: 'invalid_code_challenge_method' },
    findApp(clientId, redirectUri) {
      const app = readApp(clientId);
      if (!app) return { problem: 'client_id: no such app is registered here' };
      if (app.redirectUris.includes(redirectUri)) return app;
      return { problem: 'redirect_uri: must be one of those that the app has registered' };
    },
    // As Rails reads booleans: everything is true but a few values.
    needsNoAnswer: ({ force_login: forced = '' }) => /^(?:0|f|false|off|)$/i.test(forced),
    denied: {
      error: 'access_denied',
      error_description: 'The resource owner or authorization server denied the request.',
    },
  });
  const guard = accessGuard(mastodon, grants, {
    allows: allowsCall,
    missingScope: refuse.outsideScopes,
    revokedToken: refuse.revokedToken,
  });

  function getToken({ request, now }: Call): Answer {
    const clientId = clientOf(request);
    if (clientId === undefined) return refuse.invalidClient();
    const parameters = parametersOf(request);
    const type = textOf(parameters, 'grant_type');
    if (type === '') return refuse.invalidRequest('Missing required parameter: grant_type.');
    if (type !== 'authorization_code') return refuse.unsupportedGrantType();
    const missing = ['code', 'redirect_uri'].find((name) => textOf(parameters, name) === '');
    if (missing !== undefined) return refuse.invalidRequest(`Missing required parameter: ${missing}.`);
    const shown = {
      code: textOf(parameters, 'code'),
      clientId,
      redirectUri: textOf(parameters, 'redirect_uri'),
      verifier: textOf(parameters, 'code_verifier'),
    };
    const redeemed = grants.redeem(shown, now);
    if ('problem' in redeemed) return refuse.invalidGrant();
    const { claims } = redeemed;
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: grants.issue('access', claims, now),
        token_type: 'Bearer',
        scope: claims.scopes.join(' '),
        created_at: Math.floor(now / 1000),
      },
    };
  }

  /** Idempotent: revoking an unknown or revoked token is a success. */
  function revoke({ request }: Call): Answer {
    const clientId = clientOf(request);
    const token = textOf(parametersOf(request), 'token');
    const claims = readToken(mastodon.id, 'access', token);
    const isOthers = claims !== undefined && claims.clientId !== clientId;
    if (clientId === undefined || token === '' || isOthers) return refuse.mayNotRevoke();
    if (claims) grants.end(claims);
    return { status: 200, body: {} };
  }

  /** The OAuth metadata; other software does not have this document. */
  function describe({ origin }: Call): Answer {
    if (!rules.honoursIdempotencyKey) return refuse.recordNotFound();
    const base = `${origin}/${mastodon.id}`;
    return {
      status: 200,
      body: {
        issuer: `${base}/`,
        service_documentation: 'https://docs.joinmastodon.org/',
        authorization_endpoint: `${base}/oauth/authorize`,
        token_endpoint: `${base}/oauth/token`,
        app_registration_endpoint: `${base}/api/v1/apps`,
        revocation_endpoint: `${base}/oauth/revoke`,
        scopes_supported: knownScopes,
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        code_challenge_methods_supported: ['S256'],
      },
    };
  }

  const handleOfCode = (request: FastifyRequest) =>
    readToken(mastodon.id, 'code', textOf(parametersOf(request), 'code'))?.handle;
  const handleOfToken = (request: FastifyRequest) =>
    readToken(mastodon.id, 'access', textOf(parametersOf(request), 'token'))?.handle;

  const endpoints: Endpoint[] = [
    appEndpoint,
    { method: 'POST', url: '/oauth/token', step: 'token', handleOf: handleOfCode, answer: getToken },
    { method: 'POST', url: '/oauth/revoke', step: 'token', handleOf: handleOfToken, answer: revoke },
    {
      method: 'GET',
      url: '/.well-known/oauth-authorization-server',
      step: 'identity',
      handleOf: () => visitor,
      answer: describe,
    },
  ];
  return { pages, endpoints, guard };
}

/** The authenticated client. Every app has a secret, and sends it in the header or as a parameter. */
function clientOf(request: FastifyRequest): string | undefined {
  const parameters = parametersOf(request);
  const { clientId, clientSecret } = basicCredentialsOf(request) ?? {
    clientId: textOf(parameters, 'client_id'),
    clientSecret: textOf(parameters, 'client_secret'),
  };
  return readApp(clientId) && clientSecret === secretOf(clientId) ? clientId : undefined;
}
