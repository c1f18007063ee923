import { oauthConnection } from '../oauth.ts';

/** Access for sixty days, and a refresh token only for apps that LinkedIn has approved: all others ask the author again. */
export const connection = oauthConnection({
  name: 'LinkedIn',
  authorizeHost: 'https://www.linkedin.com',
  authorizePath: '/oauth/v2/authorization',
  tokenHost: 'https://www.linkedin.com',
  tokenPath: '/oauth/v2/accessToken',
  // What any app is given; all or none of them. Asking for others ends the tokens of before.
  scopes: ['openid', 'profile', 'email', 'w_member_social'],
  // It has PKCE for native apps only.
  pkce: false,
  clientAuthentication: 'post',
});
