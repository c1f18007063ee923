import assert from 'node:assert/strict';
import { agree, callback } from './consent.ts';
import { load } from './libraries.ts';
import type { World } from './world.ts';

const clientId = 'app-1';
const clientSecret = 'app-1-secret';
const xScopes = 'tweet.read users.read offline.access';

/** Registers an OAuth client at the Mastodon server, which every client has to do first. */
async function registerAtMastodon(sandboxUrl: string) {
  const response = await fetch(`${sandboxUrl}/mastodon/api/v1/apps`, {
    method: 'POST',
    body: new URLSearchParams({ client_name: 'A client', redirect_uris: callback, scopes: 'read profile' }),
  });
  return (await response.json()) as { client_id: string; client_secret: string };
}

/** openid-client: OpenID Connect with a checked signature where the platform has it, otherwise OAuth. */
export async function runOpenidClient({ sandboxUrl, results }: World): Promise<void> {
  const oidc = await load('openid-client');
  const library = 'openid-client';
  const insecure = { execute: [oidc.allowInsecureRequests] };

  await results.run(
    library,
    'LinkedIn: discovery, consent, ID token by its key, nonce, userinfo',
    async () => {
      const issuer = new URL(`${sandboxUrl}/linkedin/oauth`);
      const authentication = oidc.ClientSecretPost(clientSecret);
      const config = await oidc.discovery(issuer, clientId, undefined, authentication, {
        execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
      });
      const nonce = oidc.randomNonce();
      const state = oidc.randomState();
      const query = { redirect_uri: callback, scope: 'openid profile email w_member_social', state, nonce };
      const back = await agree(oidc.buildAuthorizationUrl(config, query).href, 'olga');
      const checks = { expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(config, back, checks);
      const claims = tokens.claims();
      assert.deepEqual([claims.name, claims.email, claims.nonce], ['olga', 'olga@sandbox.example', nonce]);
      const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
      assert.equal(info.name, 'olga');
    },
  );
  await results.run(library, 'LinkedIn: an ID token with another nonce is refused', async () => {
    const authentication = oidc.ClientSecretPost(clientSecret);
    const issuer = new URL(`${sandboxUrl}/linkedin/oauth`);
    const config = await oidc.discovery(issuer, clientId, undefined, authentication, insecure);
    const query = { redirect_uri: callback, scope: 'openid', nonce: 'mine' };
    const back = await agree(oidc.buildAuthorizationUrl(config, query).href, 'olga');
    await assert.rejects(oidc.authorizationCodeGrant(config, back, { expectedNonce: 'another' }));
  });
  await results.run(library, 'X: consent with PKCE, token, renewal, revocation', async () => {
    const at = `${sandboxUrl}/x`;
    const server = {
      issuer: at,
      authorization_endpoint: `${at}/i/oauth2/authorize`,
      token_endpoint: `${at}/2/oauth2/token`,
      revocation_endpoint: `${at}/2/oauth2/revoke`,
    };
    const config = new oidc.Configuration(server, clientId, undefined, oidc.ClientSecretBasic(clientSecret));
    oidc.allowInsecureRequests(config);
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const query = {
      redirect_uri: callback,
      scope: xScopes,
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    };
    const back = await agree(oidc.buildAuthorizationUrl(config, query).href, 'olga');
    const tokens = await oidc.authorizationCodeGrant(config, back, {
      pkceCodeVerifier,
      expectedState: state,
    });
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    await oidc.tokenRevocation(config, renewed.refresh_token);
    await assert.rejects(oidc.refreshTokenGrant(config, renewed.refresh_token));
  });
  await results.run(library, 'Mastodon: its own metadata, consent with PKCE, token, revocation', async () => {
    const app = await registerAtMastodon(sandboxUrl);
    const described = await fetch(`${sandboxUrl}/mastodon/.well-known/oauth-authorization-server`);
    const authentication = oidc.ClientSecretPost(app.client_secret);
    const config = new oidc.Configuration(await described.json(), app.client_id, undefined, authentication);
    oidc.allowInsecureRequests(config);
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const query = {
      redirect_uri: callback,
      scope: 'read profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    };
    const back = await agree(oidc.buildAuthorizationUrl(config, query).href, 'olga');
    const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier });
    const verify = () =>
      fetch(`${sandboxUrl}/mastodon/api/v1/accounts/verify_credentials`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
    assert.equal((await verify()).status, 200);
    await oidc.tokenRevocation(config, tokens.access_token);
    assert.equal((await verify()).status, 401);
  });
}

/** simple-oauth2, which has no code for any platform. */
export async function runSimpleOauth2({ sandboxUrl, results }: World): Promise<void> {
  const { AuthorizationCode } = await load('simple-oauth2');
  const library = 'simple-oauth2';

  interface Paths {
    authorize: string;
    token: string;
    revoke?: string;
  }
  const open = (
    platform: string,
    { authorize, token, revoke }: Paths,
    client = { id: clientId, secret: clientSecret },
  ) =>
    new AuthorizationCode({
      client,
      auth: {
        tokenHost: sandboxUrl,
        tokenPath: `/${platform}${token}`,
        authorizePath: `/${platform}${authorize}`,
        ...(revoke !== undefined && { revokePath: `/${platform}${revoke}` }),
      },
      options: { authorizationMethod: platform === 'x' ? 'header' : 'body' },
    });
  const codeFor = async (app: InstanceType<typeof AuthorizationCode>, query: object) => {
    const back = await agree(app.authorizeURL({ redirect_uri: callback, ...query }), 'sim');
    return back.searchParams.get('code');
  };

  await results.run(library, 'X: consent, token, renewal, revocation', async () => {
    const paths = { authorize: '/i/oauth2/authorize', token: '/2/oauth2/token', revoke: '/2/oauth2/revoke' };
    const app = open('x', paths);
    const verifier = 'a-verifier-that-nobody-guesses-0123456789-_';
    const plain = { code_challenge: verifier, code_challenge_method: 'plain' };
    const code = await codeFor(app, { scope: xScopes.split(' '), ...plain });
    const first = await app.getToken({ code, redirect_uri: callback, code_verifier: verifier });
    const renewed = await first.refresh();
    assert.equal(renewed.expired(), false);
    await renewed.revoke('refresh_token');
    await assert.rejects(renewed.refresh());
  });
  await results.run(library, 'LinkedIn: consent, token', async () => {
    const app = open('linkedin', { authorize: '/oauth/v2/authorization', token: '/oauth/v2/accessToken' });
    const code = await codeFor(app, { scope: ['openid', 'profile'] });
    const { token } = await app.getToken({ code, redirect_uri: callback });
    assert.deepEqual([token.token_type, typeof token.id_token], ['Bearer', 'string']);
  });
  await results.run(library, 'LinkedIn: renewal, where the app is a partner’s', async () => {
    const settings = { platform: 'linkedin', refreshTokens: true };
    await control(sandboxUrl, 'settings', settings);
    const app = open('linkedin', { authorize: '/oauth/v2/authorization', token: '/oauth/v2/accessToken' });
    const code = await codeFor(app, { scope: 'w_member_social' });
    const renewed = await (await app.getToken({ code, redirect_uri: callback })).refresh();
    assert.ok(renewed.token.access_token);
    await control(sandboxUrl, 'settings', { ...settings, refreshTokens: false });
  });
  await results.run(library, 'Mastodon: consent, token, revocation', async () => {
    const { client_id: id, client_secret: secret } = await registerAtMastodon(sandboxUrl);
    const paths = { authorize: '/oauth/authorize', token: '/oauth/token', revoke: '/oauth/revoke' };
    const app = open('mastodon', paths, { id, secret });
    const code = await codeFor(app, { scope: 'read' });
    const granted = await app.getToken({ code, redirect_uri: callback });
    await granted.revoke('access_token');
  });
  await results.run(
    library,
    'Instagram: consent, token; then the long-lived one, and its renewal',
    async () => {
      const app = open('instagram', { authorize: '/oauth/authorize', token: '/oauth/access_token' });
      const scope = 'instagram_business_basic,instagram_business_content_publish';
      const code = await codeFor(app, { scope });
      const { token } = await app.getToken({ code, redirect_uri: callback });
      const ask = async (path: string, query: Record<string, string>) => {
        const response = await fetch(
          `${sandboxUrl}/instagram/${path}?${new URLSearchParams(query).toString()}`,
        );
        return { status: response.status, ...((await response.json()) as { access_token: string }) };
      };
      const long = await ask('access_token', {
        grant_type: 'ig_exchange_token',
        client_secret: clientSecret,
        access_token: token.access_token,
      });
      assert.equal(long.status, 200);
      await control(sandboxUrl, 'clock', { offsetMs: 25 * 3_600_000 });
      const renewal = { grant_type: 'ig_refresh_token', access_token: long.access_token };
      assert.equal((await ask('refresh_access_token', renewal)).status, 200);
      await control(sandboxUrl, 'clock', { offsetMs: 0 });
    },
  );
}

async function control(sandboxUrl: string, path: string, json: object): Promise<void> {
  const response = await fetch(`${sandboxUrl}/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  });
  assert.equal(response.status, 200);
}
