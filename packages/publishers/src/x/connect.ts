import { oauthConnection } from '../oauth.ts';

/** Access lasts two hours. The refresh token changes with every use, so only one process at a time may use it. */
export const connection = oauthConnection({
  name: 'X',
  authorizeHost: 'https://x.com',
  authorizePath: '/i/oauth2/authorize',
  tokenHost: 'https://api.x.com',
  tokenPath: '/2/oauth2/token',
  // Without `offline.access` there is no refresh token, and the connection ends after two hours.
  scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'],
  pkce: true,
  clientAuthentication: 'basic',
  // "Value passed for the token was invalid."
  alsoGone: ['invalid_request'],
});
