import { oauthConnection } from '../oauth.ts';

/** Access lasts sixty days. Only apps that LinkedIn has approved get a refresh token; with others the author connects again. */
export const connection = oauthConnection({
  name: 'LinkedIn',
  authorizeHost: 'https://www.linkedin.com',
  authorizePath: '/oauth/v2/authorization',
  tokenHost: 'https://www.linkedin.com',
  tokenPath: '/oauth/v2/accessToken',
  // Every app gets these four. A request for other scopes invalidates the earlier tokens.
  scopes: ['openid', 'profile', 'email', 'w_member_social'],
  // LinkedIn has PKCE for native apps only.
  pkce: false,
  clientAuthentication: 'post',
});
