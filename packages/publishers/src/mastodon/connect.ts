import { Type } from 'typebox';
import { callIdentity, decode } from '../answer.ts';
import type { ConsentConnection } from '../connection.ts';
import { readIssuer } from '../issuer.ts';
import { oauthConnection, type OAuthServer } from '../oauth.ts';
import { errors } from './errors.ts';

const SCOPES = ['read:accounts', 'read:statuses', 'write:statuses', 'write:media'];

// Only a placeholder: `at` returns the address of the author's server.
const HOST = 'https://mastodon.social';

const server: OAuthServer = {
  name: errors.name,
  authorizeHost: HOST,
  authorizePath: '/oauth/authorize',
  tokenHost: HOST,
  tokenPath: '/oauth/token',
  scopes: SCOPES,
  // Since 4.3; older servers ignore it.
  pkce: true,
  clientAuthentication: 'post',
  // Since 2.5. Without it, the server does not ask an author who allowed the app before.
  alwaysAsk: { force_login: 'true' },
};

/** Tokens do not expire, so there is no refresh. */
export const connection: ConsentConnection = {
  ...oauthConnection(server),
  issuer: (call) => readIssuer(call, HOST, errors.name),
  async registerClient({ http, redirectUri, website }) {
    const form = new URLSearchParams({
      client_name: 'SoloSpark',
      redirect_uris: redirectUri,
      scopes: SCOPES.join(' '),
      website,
    });
    const asking = { http, credentials: { accessToken: '' } };
    const request = { method: 'POST', path: '/api/v1/apps', form } as const;
    return callIdentity(asking, errors, request, (response) => {
      const app = decode(RegisteredApp, response);
      return app && { clientId: app.client_id, clientSecret: app.client_secret };
    });
  },
  refresh: null,
};

/** Both are stored, and the id is part of a URL: only a hostile server sends longer ones. */
const RegisteredApp = Type.Object({
  client_id: Type.String({ minLength: 1, maxLength: 2_000 }),
  client_secret: Type.String({ minLength: 1, maxLength: 2_000 }),
});
