import { Type } from 'typebox';
import { callIdentity, decode } from '../answer.ts';
import { usableToken, type ConsentConnection, type Credentials } from '../connection.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import { issuerAt } from '../issuer.ts';
import { endOfLife } from '../told-time.ts';
import { errors } from './errors.ts';

const CONSENT_HOST = 'https://www.instagram.com';
const CODE_HOST = 'https://api.instagram.com';
const TOKEN_HOST = 'https://graph.instagram.com';
/** Sixty days; used if the answer does not say. */
const USUAL_LIFE_SECONDS = 60 * 24 * 3_600;

/**
 * Meta's own flow instead of OAuth's grants: the code is exchanged for a token of one hour, that for a token of sixty days, and
 * that, when at least a day old, for its successor. There is no refresh token, so an expired token cannot be renewed.
 */
export const connection: ConsentConnection = {
  kind: 'consent',
  registerClient: null,

  consentUrl({ app, at, redirectUri, state }) {
    const url = new URL(`${at(CONSENT_HOST)}/oauth/authorize`);
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('client_id', app.clientId);
    url.searchParams.set('redirect_uri', redirectUri);
    url.searchParams.set('scope', 'instagram_business_basic,instagram_business_content_publish');
    url.searchParams.set('state', state);
    // Ask even an author who is signed in and agreed before. Meta's dashboard uses the first name, its guide the second.
    url.searchParams.set('force_reauth', 'true');
    url.searchParams.set('force_authentication', '1');
    return url;
  },

  issuer: async (call) => issuerAt(call, CONSENT_HOST, CODE_HOST),

  async exchange({ http, app, at, now, redirectUri, code }) {
    const form = new URLSearchParams({
      client_id: app.clientId,
      client_secret: app.clientSecret,
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      code,
    });
    const path = `${at(CODE_HOST)}/oauth/access_token`;
    const short = await ask(http, code, { method: 'POST', path, form }, (response) => {
      // The guide shows the token in a list, the reference shows it without one.
      const token = decode(ShortToken, response) ?? decode(ShortTokenList, response)?.data[0];
      return usableToken(token?.access_token);
    });
    const query = {
      grant_type: 'ig_exchange_token',
      client_secret: app.clientSecret,
      access_token: short,
    };
    return askForLongToken(http, now, short, {
      method: 'GET',
      path: `${at(TOKEN_HOST)}/access_token`,
      query,
    });
  },

  refresh({ http, at, now, credentials: { accessToken } }) {
    const path = `${at(TOKEN_HOST)}/refresh_access_token`;
    const query = { grant_type: 'ig_refresh_token', access_token: accessToken };
    return askForLongToken(http, now, accessToken, { method: 'GET', path, query });
  },
};

type Http = Parameters<ConsentConnection['exchange']>[0]['http'];

async function askForLongToken(
  http: Http,
  now: () => Date,
  secret: string,
  request: HttpRequest,
): Promise<Credentials> {
  return ask(http, secret, request, (response) => {
    const token = decode(LongToken, response);
    if (!token) return undefined;
    const { expires_in: seconds } = token;
    const accessToken = usableToken(token.access_token);
    if (accessToken === undefined) return undefined;
    const expiresAt = endOfLife(now(), seconds) ?? endOfLife(now(), USUAL_LIFE_SECONDS);
    // The access token is also the refresh token: once expired, it cannot be renewed.
    return {
      accessToken,
      refreshToken: accessToken,
      ...(expiresAt && { expiresAt, refreshExpiresAt: expiresAt }),
    };
  });
}

/** `secret` is the credential in the request; it is removed from failure details. */
function ask<T>(
  http: Http,
  secret: string,
  request: HttpRequest,
  read: (response: HttpResponse) => T | undefined,
): Promise<T> {
  return callIdentity({ http, credentials: { accessToken: secret } }, errors, request, read);
}

const ShortToken = Type.Object({ access_token: Type.String({ minLength: 1 }) });
const ShortTokenList = Type.Object({ data: Type.Array(ShortToken) });
const LongToken = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  expires_in: Type.Optional(Type.Unknown()),
});
