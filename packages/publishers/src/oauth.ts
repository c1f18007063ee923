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
 * OAuth 2.0 (RFC 6749, with PKCE of RFC 7636) as far as it is the same on every platform that follows it. A platform says
 * only where its pages are and how it differs.
 */
export interface OAuthServer {
  /** What people call the platform; it stands in sentences. */
  name: string;
  authorizePath: string;
  tokenPath: string;
  authorizeHost: string;
  tokenHost: string;
  scopes: string[];
  /** False: the platform knows no PKCE for web apps, and may refuse its parameters. */
  pkce: boolean;
  /** How the app proves itself at the token endpoint. */
  clientAuthentication: 'basic' | 'post';
  /** What makes the platform ask the author also where they agreed before, as far as it documents that. */
  alwaysAsk?: Record<string, string>;
  /** Words, besides RFC 6749's, by which this platform says that the author's grant is gone. */
  alsoGone?: string[];
}

/** The connection of a platform that follows OAuth, and at which the operator registers the app. */
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

/** The answer may hold a new refresh token, after which the old one is worth nothing: both are to be stored at once. */
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
    // A sandbox, or somebody's server on the same machine: which hosts may be spoken to is decided above.
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

/** Refusals of RFC 6749 section 5.2 that are about the author's grant, and those that are about the app. */
const GRANT_IS_GONE = ['invalid_grant', 'access_denied'];
/** LinkedIn says `invalid_request` of a code that was used or is too old, and of a refresh token that is. */
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
    // "Missing required parameter [client_id]": no author can mend that.
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
  // Whatever else it says that is not OAuth, or is an OAuth that nobody here asked for.
  if (
    error instanceof oauth.OperationProcessingError ||
    error instanceof oauth.UnsupportedOperationError ||
    error instanceof SyntaxError
  ) {
    return new PublisherError({ ...asUnclear(name), detail: wordOf(error.message) });
  }
  return error;
}

/** A server of anybody's says it: as much as RFC 6749 lets an error be, and no longer than its own ones. */
function wordOf(error: string): string {
  return error.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

/** What the platform says is the only thing that ends a connection: a lost answer or a broken one never does. */
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

/** oauth4webapi speaks `fetch`; everything here leaves through the one client, which never retries or follows. */
function asFetch(http: HttpClient) {
  return async (path: string, options: oauth.CustomFetchOptions<'POST', URLSearchParams>) => {
    const { headers, body: form } = options;
    const response = await http.request({ method: 'POST', path, headers, form });
    const { headers: told } = response;
    // A `Response` of these must not have a body, whatever the server has sent.
    if ([204, 205, 304].includes(response.status))
      return new Response(null, { status: response.status, headers: told });
    const token = tokenOf(response);
    if (!token) return new Response(response.text || null, { status: response.status, headers: told });
    return Response.json(token);
  };
}

/**
 * Without RFC 6749's encoding of both parts, which some platforms do not undo. No client id or secret of theirs has a
 * character that it would have to change.
 */
function basic({ clientId, clientSecret }: OAuthClient): oauth.ClientAuth {
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return (_metadata, _client, _body, headers) => headers.set('authorization', `Basic ${pair}`);
}

/**
 * A token that a 2xx brings, made to fit, since it is thrown away otherwise and the author has to connect again: LinkedIn leaves
 * `token_type` out, and sends an ID token that nobody here asked for, as whose token it is is asked for with the token
 * itself; others write null for what they leave out, or a list of scopes, or a life that is no number, or answer 201.
 */
function tokenOf(response: HttpResponse): Record<string, unknown> | undefined {
  const { json } = response;
  if (!isSuccess(response) || typeof json !== 'object' || json === null || !('access_token' in json))
    return undefined;
  const told = Object.entries(json).filter(([, value]) => value !== null);
  const token: Record<string, unknown> = { token_type: 'bearer', ...Object.fromEntries(told) };
  // Read by nobody; oauth4webapi is strict about both.
  delete token['id_token'];
  delete token['scope'];
  const type = typeof token['token_type'] === 'string' ? token['token_type'].trim() : '';
  token['token_type'] = type || 'bearer';
  // What cannot be meant is left out; oauth4webapi wants a number.
  if (endOfLife(new Date(0), token['expires_in']) === undefined) delete token['expires_in'];
  else token['expires_in'] = Number(token['expires_in']);
  const refreshToken = usableToken(token['refresh_token']);
  if (refreshToken === undefined) delete token['refresh_token'];
  else token['refresh_token'] = refreshToken;
  return token;
}
