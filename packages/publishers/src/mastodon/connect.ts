import { Type } from 'typebox';
import { askWho, decode } from '../answer.ts';
import type { ConsentConnection } from '../connection.ts';
import { oauthConnection, type OAuthServer } from '../oauth.ts';
import { dialect } from './errors.ts';

const SCOPES = ['read:accounts', 'read:statuses', 'write:statuses', 'write:media'];

const server: OAuthServer = {
  name: dialect.name,
  // Every server speaks for itself: `at` answers with the address of the author's.
  authorizeHost: 'https://mastodon.social',
  authorizePath: '/oauth/authorize',
  tokenHost: 'https://mastodon.social',
  tokenPath: '/oauth/token',
  scopes: SCOPES,
  // Since 4.3; a server that does not know it takes no notice.
  pkce: true,
  clientAuthentication: 'post',
};

/** Tokens do not end by themselves, and there is nothing to refresh. */
export const connection: ConsentConnection = {
  ...oauthConnection(server),
  async registerApp({ http, redirectUri, website }) {
    const form = new URLSearchParams({
      client_name: 'SoloSpark',
      redirect_uris: redirectUri,
      scopes: SCOPES.join(' '),
      website,
    });
    const asking = { http, credentials: { accessToken: '' } };
    const request = { method: 'POST', path: '/api/v1/apps', form } as const;
    return askWho(asking, dialect, request, (response) => {
      const app = decode(RegisteredApp, response);
      return app && { clientId: app.client_id, clientSecret: app.client_secret };
    });
  },
  refresh: null,
};

const RegisteredApp = Type.Object({
  client_id: Type.String({ minLength: 1 }),
  client_secret: Type.String({ minLength: 1 }),
});
