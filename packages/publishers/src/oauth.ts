import * as oauth from 'oauth4webapi';
import {
  type OAuthClient,
  type OAuthClientCall,
  type ConsentConnection,
  type ConsentRequest,
  type ExchangeCall,
  usableToken,
  type Credentials,
} from './connection.ts';
import type { HttpClient, HttpResponse } from './http.ts';
import { isSuccess } from './answer.ts';
import { issuerAt } from './issuer.ts';
import { PublisherError, type Failure } from './publisher.ts';
import { inShort } from './refusals.ts';
import { endOfLife } from './told-time.ts';

/**
 * OAuth 2.0 (RFC 6749, with PKCE of RFC 7636), the common part of all platforms that follow it. A platform names only its pages
 * and its differences.
 */
export interface OAuthServer {
  /** The platform's name in sentences. */
  name: string;
  authorizePath: string;
  tokenPath: string;
  authorizeHost: string;
  tokenHost: string;
  scopes: string[];
  /** False: the platform has no PKCE for web apps and may refuse its parameters. */
  pkce: boolean;
  /** How the OAuth client authenticates at the token endpoint. */
  clientAuthentication: 'basic' | 'post';
  /** Parameters that make the platform ask even an author who agreed before, if it documents any. */
  alwaysAsk?: Record<string, string>;
  /** Error codes, besides those of RFC 6749, by which this platform says that the author's grant is gone. */
  alsoGone?: string[];
}

/** The connection of a platform that follows OAuth and where the operator registers the OAuth client. */
export function oauthConnection(server: OAuthServer): ConsentConnection {
  return {
    kind: 'consent',
    registerClient: null,
    consentUrl: (request) => consentUrl(server, request),
    issuer: async (call) => issuerAt(call, server.authorizeHost, server.tokenHost),
    exchange: (call) => exchangeCode(server, call),
    refresh: (call) => refreshToken(server, call),
  };
}

function consentUrl(server: OAuthServer, request: ConsentRequest): URL {
  const url = new URL(request.at(server.authorizeHost) + server.authorizePath);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', request.app.clientId);
  url.searchParams.set('redirect_uri', request.redirectUri);
  url.searchParams.set('scope', server.scopes.join(' '));
  url.searchParams.set('state', request.state);
  if (server.pkce) {
    url.searchParams.set('code_challenge', request.codeChallenge);
    url.searchParams.set('code_challenge_method', 'S256');
  }
  for (const [name, value] of Object.entries(server.alwaysAsk ?? {})) url.searchParams.set(name, value);
  return url;
}

async function exchangeCode(server: OAuthServer, call: ExchangeCall): Promise<Credentials> {
  const { metadata, client, authentication, options } = partsOf(server, call);
  return granted(server, call, async () => {
    const { code, state } = call;
    const parameters = oauth.validateAuthResponse(
      metadata,
      client,
      new URLSearchParams({ code, state }),
      state,
    );
    const response = await oauth.authorizationCodeGrantRequest(
      metadata,
      client,
      authentication,
      parameters,
      call.redirectUri,
      server.pkce ? call.codeVerifier : oauth.nopkce,
      options,
    );
    return oauth.processAuthorizationCodeResponse(metadata, client, response);
  });
}

/** The answer may have a new refresh token, which replaces the old one. The caller must store both tokens at once. */
async function refreshToken(
  server: OAuthServer,
  call: OAuthClientCall & { credentials: Credentials },
): Promise<Credentials> {
  const { refreshToken: old } = call.credentials;
  if (old === undefined) throw new PublisherError(notAccepted(server.name));
  const { metadata, client, authentication, options } = partsOf(server, call);
  const renewed = await granted(server, call, async () => {
    const response = await oauth.refreshTokenGrantRequest(metadata, client, authentication, old, options);
    return oauth.processRefreshTokenResponse(metadata, client, response);
  });
  const { refreshToken: next = old, refreshExpiresAt = call.credentials.refreshExpiresAt } = renewed;
  return { ...renewed, refreshToken: next, ...(refreshExpiresAt && { refreshExpiresAt }) };
}

function partsOf(server: OAuthServer, call: OAuthClientCall) {
  const host = call.at(server.tokenHost);
  const metadata: oauth.AuthorizationServer = { issuer: host, token_endpoint: host + server.tokenPath };
  const client: oauth.Client = { client_id: call.app.clientId };
  const authentication =
    server.clientAuthentication === 'basic' ? basic(call.app) : oauth.ClientSecretPost(call.app.clientSecret);
  const options = {
    [oauth.customFetch]: asFetch(call.http),
    // For the sandbox, or a server on the same machine. Which hosts are allowed is decided elsewhere.
    [oauth.allowInsecureRequests]: host.startsWith('http:'),
  };
  return { metadata, client, authentication, options };
}

async function granted(
  server: OAuthServer,
  call: OAuthClientCall,
  ask: () => Promise<oauth.TokenEndpointResponse>,
): Promise<Credentials> {
  try {
    return credentialsOf(await ask(), call.now());
  } catch (error) {
    throw explain(server, error);
  }
}

function credentialsOf(answer: oauth.TokenEndpointResponse, now: Date): Credentials {
  const expiresAt = endOfLife(now, answer.expires_in);
  const refreshExpiresAt = endOfLife(now, answer['refresh_token_expires_in']);
  const accessToken = usableToken(answer.access_token);
  if (accessToken === undefined) {
    throw new oauth.OperationProcessingError('the access token cannot be sent in a header');
  }
  return {
    accessToken,
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
}

/** Errors of RFC 6749, section 5.2: these are about the author's grant, `APP_IS_WRONG` is about the OAuth client. */
const GRANT_IS_GONE = ['invalid_grant', 'access_denied'];
/** LinkedIn answers `invalid_request` for a used or expired code or refresh token. */
const ABOUT_GRANT =
  /\b(authorization code|verification code|refresh token)\b.{0,80}\b(expired|revoked|not found|invalid|used)\b/i;
const APP_IS_WRONG = [
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
];

function explain({ name, alsoGone = [] }: OAuthServer, error: unknown): unknown {
  if (error instanceof oauth.AuthorizationResponseError) {
    const detail = wordOf(error.error);
    return new PublisherError({ ...notAccepted(name), detail });
  }
  if (error instanceof oauth.ResponseBodyError) {
    const detail = `HTTP ${error.status} ${wordOf(error.error)}`;
    const said = inShort(error.error_description ?? '');
    // "Missing required parameter [client_id]" is not the author's fault.
    const isAlsoGone = alsoGone.includes(error.error) && !/\b(client|parameter|redirect)/i.test(said);
    if (GRANT_IS_GONE.includes(error.error) || isAlsoGone || ABOUT_GRANT.test(said)) {
      return new PublisherError({ ...notAccepted(name), detail });
    }
    const isWrong = APP_IS_WRONG.includes(error.error);
    return new PublisherError({ ...(isWrong ? appRefused(name) : asUnclear(name)), detail });
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new PublisherError({ ...appRefused(name), detail: `HTTP ${error.status}` });
  }
  // Any other answer that is not valid OAuth, or uses a part of OAuth that SoloSpark does not.
  if (
    error instanceof oauth.OperationProcessingError ||
    error instanceof oauth.UnsupportedOperationError ||
    error instanceof SyntaxError
  ) {
    return new PublisherError({ ...asUnclear(name), detail: wordOf(error.message) });
  }
  return error;
}

/** Any server may have sent it: keeps the characters that RFC 6749 allows, and limits the length. */
function wordOf(error: string): string {
  return error.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

/** Only the platform's own refusal ends a connection. A lost or broken answer never does. */
export function notAccepted(name: string): Failure {
  return {
    kind: 'auth_expired',
    actor: 'user',
    reason: `${name} no longer accepts this connection. Connect the ${name} account again.`,
  };
}

function appRefused(name: string): Failure {
  return {
    kind: 'misconfigured',
    actor: 'operator',
    reason: `${name} does not accept SoloSpark's app. Whoever runs SoloSpark has to check its client id and secret.`,
  };
}

function asUnclear(name: string): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${name} did not answer as it should. Try again in a moment.`,
  };
}

/** oauth4webapi uses `fetch`. This sends its requests through our HTTP client, which never retries or follows redirects. */
function asFetch(http: HttpClient) {
  return async (path: string, options: oauth.CustomFetchOptions<'POST', URLSearchParams>) => {
    const { headers, body: form } = options;
    const response = await http.request({ method: 'POST', path, headers, form });
    const { headers: told } = response;
    // A `Response` with one of these statuses must not have a body.
    if ([204, 205, 304].includes(response.status))
      return new Response(null, { status: response.status, headers: told });
    const token = tokenOf(response);
    if (!token) return new Response(response.text || null, { status: response.status, headers: told });
    return Response.json(token);
  };
}

/**
 * Does not encode the two parts as RFC 6749 says: some platforms do not decode them. Their client ids and secrets have no
 * character that needs it.
 */
function basic({ clientId, clientSecret }: OAuthClient): oauth.ClientAuth {
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return (_metadata, _client, _body, headers) => headers.set('authorization', `Basic ${pair}`);
}

/**
 * Repairs the token of a 2xx answer. oauth4webapi would reject it otherwise, and the author would have to connect again. LinkedIn
 * leaves out `token_type` and sends an ID token that we do not need (`identity` asks whose token it is). Others send null for
 * missing values, a list of scopes, an `expires_in` that is not a number, or a 201.
 */
function tokenOf(response: HttpResponse): Record<string, unknown> | undefined {
  const { json } = response;
  if (!isSuccess(response) || typeof json !== 'object' || json === null || !('access_token' in json))
    return undefined;
  const told = Object.entries(json).filter(([, value]) => value !== null);
  const token: Record<string, unknown> = { token_type: 'bearer', ...Object.fromEntries(told) };
  // Not used here, and oauth4webapi is strict about both.
  delete token['id_token'];
  delete token['scope'];
  const type = typeof token['token_type'] === 'string' ? token['token_type'].trim() : '';
  token['token_type'] = type || 'bearer';
  // oauth4webapi wants a number, so a senseless value is removed.
  if (endOfLife(new Date(0), token['expires_in']) === undefined) delete token['expires_in'];
  else token['expires_in'] = Number(token['expires_in']);
  const refreshToken = usableToken(token['refresh_token']);
  if (refreshToken === undefined) delete token['refresh_token'];
  else token['refresh_token'] = refreshToken;
  return token;
}
