import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPublicKey, verify } from 'node:crypto';
import { linkedinPost, restHeaders, startSandbox, type Sandbox } from './harness.ts';
import { afterRestart, callback, codeFrom, question, tokenRequests } from './oauth-harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const dayMs = 24 * 3_600_000;
const memberScopes = 'openid profile email w_member_social';

const ask = (scope = memberScopes) =>
  question('/linkedin/oauth/v2/authorization', {
    response_type: 'code',
    client_id: 'app-1',
    redirect_uri: callback,
    state: 'state',
    scope,
  });
const getToken = (form: Record<string, string>) =>
  sandbox.send('/linkedin/oauth/v2/accessToken', {
    form: { client_id: 'app-1', client_secret: 'app-1-secret', ...form },
  });
const redeem = (code: string, over: Record<string, string> = {}) =>
  getToken({ grant_type: 'authorization_code', code, redirect_uri: callback, ...over });
const refresh = (token: string, over: Record<string, string> = {}) =>
  getToken({ grant_type: 'refresh_token', refresh_token: token, ...over });
const connect = async (scope = memberScopes, handle = 'ann') =>
  (await redeem(await codeFrom(sandbox, ask(scope), handle))).json;
const userinfo = (token: string) => sandbox.send('/linkedin/v2/userinfo', { token });
const publish = async (token: string, handle = 'ann') =>
  sandbox.send('/linkedin/rest/posts', {
    token,
    json: linkedinPost(await sandbox.idOf('linkedin', handle), 'Hello'),
    headers: restHeaders,
  });
const partner = () => sandbox.control('settings', { platform: 'linkedin', refreshTokens: true });

describe('LinkedIn: the code', () => {
  it('200 returns a token of sixty days, an ID token, comma-separated scopes, and no refresh token', async () => {
    const reply = await redeem(await codeFrom(sandbox, ask()));
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      access_token: expect.any(String),
      expires_in: 5_184_000,
      scope: 'email,openid,profile,w_member_social',
      token_type: 'Bearer',
      id_token: expect.any(String),
    });
    const { sub } = (await userinfo(reply.json.access_token)).json;
    expect(`urn:li:person:${sub}`).toBe(await sandbox.idOf('linkedin', 'ann'));
    expect((await publish(reply.json.access_token)).status).toBe(201);
    expect(await sandbox.publicPosts('linkedin', 'ann')).toMatchObject([{ text: 'Hello' }]);
  });

  it('400 for a used and for an unknown code', async () => {
    const code = await codeFrom(sandbox, ask());
    expect((await redeem(code)).status).toBe(200);
    for (const refused of [await redeem(code), await redeem('nonsense')]) {
      expect(refused.status).toBe(400);
      expect(refused.json).toEqual({
        error: 'invalid_request',
        error_description: 'Unable to retrieve access token: authorization code not found',
      });
    }
  });

  it('400 after half an hour, and for another redirect URI', async () => {
    const code = await codeFrom(sandbox, ask());
    const other = await redeem(code, { redirect_uri: `${callback}/` });
    await sandbox.control('clock', { offsetMs: 30 * 60_000 });
    for (const refused of [other, await redeem(code)]) {
      expect([refused.status, refused.json.error]).toEqual([400, 'invalid_redirect_uri']);
      expect(refused.json.error_description).toContain('does not match authorization code');
    }
  });

  it('401 for a wrong secret; 400 for another app, which does not use up the code', async () => {
    const code = await codeFrom(sandbox, ask());
    const wrong = await redeem(code, { client_secret: 'wrong' });
    expect([wrong.status, wrong.json]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'Client authentication failed' },
    ]);
    const other = { client_id: 'app-2', client_secret: 'app-2-secret' };
    expect((await redeem(code, other)).status).toBe(400);
    expect((await redeem(code)).status).toBe(200);
  });

  it.each(['grant_type', 'code', 'redirect_uri', 'client_id', 'client_secret'])(
    '400 names a missing parameter: %s',
    async (name) => {
      const reply = await redeem(await codeFrom(sandbox, ask()), { [name]: '' });
      expect([reply.status, reply.json]).toEqual([
        400,
        { error: 'invalid_request', error_description: `A required parameter "${name}" is missing` },
      ]);
    },
  );

  it('400 for another grant type, and for JSON', async () => {
    const code = await codeFrom(sandbox, ask());
    expect((await redeem(code, { grant_type: 'password' })).json.error).toBe('unsupported_grant_type');
    const json = { grant_type: 'authorization_code', code, redirect_uri: callback, client_id: 'app-1' };
    const reply = await sandbox.send('/linkedin/oauth/v2/accessToken', { json });
    expect(reply.json.error_description).toBe('A required parameter "grant_type" is missing');
  });
});

describe('LinkedIn: the ID token', () => {
  const claimsOf = (idToken: string) =>
    JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString());
  const askWith = (over: Record<string, string>) => `${ask()}&${new URLSearchParams(over).toString()}`;

  it('is signed with a key from the discovery document, and names the member', async () => {
    const issuer = `${sandbox.url}/linkedin/oauth`;
    const before = Math.floor(Date.now() / 1000);
    const { id_token: token, access_token: accessToken } = await connect();
    const discovery = (await sandbox.send('/linkedin/oauth/.well-known/openid-configuration')).json;
    expect(discovery).toMatchObject({ issuer, id_token_signing_alg_values_supported: ['RS256'] });
    const { keys } = (await sandbox.send(discovery.jwks_uri)).json;
    const [head = '', payload = '', signature = ''] = token.split('.');
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
    expect([alg, kid]).toEqual(['RS256', keys[0].kid]);
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    const isSigned = (text: string) =>
      verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'base64url'));
    expect([isSigned(`${head}.${payload}`), isSigned(`${head}.${payload}x`)]).toEqual([true, false]);
    const claims = claimsOf(token);
    expect(claims).toMatchObject({ iss: issuer, aud: 'app-1', name: 'ann', email: 'ann@sandbox.example' });
    expect(claims.sub).toBe((await userinfo(accessToken)).json.sub);
    expect(claims.iat).toBeGreaterThanOrEqual(before);
    expect(claims.exp).toBe(claims.iat + 3600);
    expect(claims).not.toHaveProperty('nonce');
  });

  it('has the nonce of the request, and only the claims that the scopes allow', async () => {
    const code = await codeFrom(sandbox, `${ask('openid')}&nonce=n-0S6_WzA2Mj`);
    const claims = claimsOf((await redeem(code)).json.id_token);
    expect(claims.nonce).toBe('n-0S6_WzA2Mj');
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'nonce', 'sub']);
    expect(
      claimsOf((await redeem(await codeFrom(sandbox, askWith({ nonce: 'b' })))).json.id_token).nonce,
    ).toBe('b');
  });

  it('is issued only with the scope openid', async () => {
    expect(await connect('w_member_social')).not.toHaveProperty('id_token');
  });

  it('is also issued when the scopes are separated by spaces, commas, or both', async () => {
    for (const scope of ['openid,profile', 'openid profile', 'openid, profile']) {
      expect((await connect(scope)).scope).toBe('openid,profile');
    }
  });
});

describe('LinkedIn: the tokens', () => {
  it('401/65602 after sixty days', async () => {
    const { access_token: token } = await connect();
    await sandbox.control('clock', { offsetMs: 60 * dayMs - 60_000 });
    expect((await userinfo(token)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 60 * dayMs });
    const late = await userinfo(token);
    expect([late.status, late.json.serviceErrorCode]).toEqual([401, 65602]);
  });

  it('401/65601 after the consent was withdrawn, for that account only', async () => {
    const [ann, bob] = [await connect(), await connect(memberScopes, 'bob')];
    await sandbox.control('withdrawals', { platform: 'linkedin', account: 'ann' });
    const refused = await userinfo(ann.access_token);
    expect([refused.status, refused.json.serviceErrorCode, refused.json.code]).toEqual([
      401,
      65601,
      'REVOKED_ACCESS_TOKEN',
    ]);
    expect((await userinfo(bob.access_token)).status).toBe(200);
    expect((await userinfo((await connect()).access_token)).status).toBe(200);
  });

  it('403 without the scope of the call', async () => {
    const [reader, writer] = [await connect('openid profile'), await connect('w_member_social', 'bob')];
    for (const [reply, resource] of [
      [await publish(reader.access_token), 'posts.CREATE'],
      [await userinfo(writer.access_token), 'userinfo.GET.NO_VERSION'],
    ] as const) {
      expect(reply.status).toBe(403);
      expect(reply.json).toMatchObject({
        code: 'ACCESS_DENIED',
        message: `Not enough permissions to access: ${resource}`,
      });
    }
    expect(await sandbox.publicPosts('linkedin', 'ann')).toEqual([]);
  });

  it('need other scopes to post and read as an organization', async () => {
    const author = encodeURIComponent(await sandbox.idOf('linkedin', 'org-acme'));
    const list = (token: string) =>
      sandbox.send(`/linkedin/rest/posts?q=author&author=${author}`, { token, headers: restHeaders });
    const member = await connect(memberScopes, 'org-acme');
    expect((await publish(member.access_token, 'org-acme')).status).toBe(403);
    const writer = await connect('w_organization_social', 'org-acme');
    expect((await publish(writer.access_token, 'org-acme')).status).toBe(201);
    expect((await list(writer.access_token)).status).toBe(403);
    const both = await connect('w_organization_social r_organization_social', 'org-acme');
    expect((await list(both.access_token)).json.elements).toHaveLength(1);
  });

  it('stay valid after a consent with the same scopes, and end after one with others', async () => {
    const first = await connect();
    const second = await connect('w_member_social email profile openid');
    expect((await userinfo(first.access_token)).status).toBe(200);
    const third = await connect('openid profile');
    for (const { access_token: token } of [first, second]) {
      expect((await userinfo(token)).json.serviceErrorCode).toBe(65601);
    }
    expect((await userinfo(third.access_token)).status).toBe(200);
  });

  it('survive a restart of the sandbox', async () => {
    const { access_token: token } = await connect();
    await afterRestart(async (other) => {
      expect((await other.send('/linkedin/v2/userinfo', { token })).json.name).toBe('ann');
    });
  });
});

describe('LinkedIn: renewing, for partners', () => {
  it('200 returns the same refresh token, without extending its year', async () => {
    await partner();
    const first = await connect();
    expect(first).toMatchObject({ expires_in: 5_184_000, refresh_token_expires_in: 31_536_000 });
    await sandbox.control('clock', { offsetMs: 59 * dayMs });
    const second = (await refresh(first.refresh_token)).json;
    expect(second).toMatchObject({ expires_in: 5_184_000, refresh_token: first.refresh_token });
    expect(second.refresh_token_expires_in).toBeLessThanOrEqual((306 * dayMs) / 1000);
    expect(second.refresh_token_expires_in).toBeGreaterThan((306 * dayMs) / 1000 - 60);
    await sandbox.control('clock', { offsetMs: 61 * dayMs });
    expect((await userinfo(first.access_token)).status).toBe(401);
    expect((await userinfo(second.access_token)).status).toBe(200);
  });

  it('200 issues no access token that outlives the refresh token; 400 afterwards', async () => {
    await partner();
    const first = await connect();
    await sandbox.control('clock', { offsetMs: 360 * dayMs });
    const last = (await refresh(first.refresh_token)).json;
    expect(last.expires_in).toBe(last.refresh_token_expires_in);
    await sandbox.control('clock', { offsetMs: 365 * dayMs });
    expect((await userinfo(last.access_token)).status).toBe(401);
    const refused = await refresh(first.refresh_token);
    expect([refused.status, refused.json.error]).toEqual([400, 'invalid_grant']);
  });

  it("400 invalid_grant for another app's token, an access token, and an app that is not a partner's", async () => {
    await partner();
    const { access_token, refresh_token } = await connect();
    const other = { client_id: 'app-2', client_secret: 'app-2-secret' };
    expect((await refresh(refresh_token, other)).json.error).toBe('invalid_grant');
    expect((await refresh(access_token)).json.error).toBe('invalid_grant');
    expect((await refresh('')).json.error_description).toContain('"refresh_token"');
    await sandbox.control('settings', { platform: 'linkedin', refreshTokens: false });
    expect((await refresh(refresh_token)).json.error).toBe('invalid_grant');
  });

  it('400 invalid_grant after the consent was withdrawn', async () => {
    await partner();
    const { refresh_token: token } = await connect();
    await sandbox.control('withdrawals', { platform: 'linkedin', account: 'ann' });
    expect((await refresh(token)).json.error).toBe('invalid_grant');
  });
});

describe('LinkedIn: faults of the token call', () => {
  const arm = (fault: string) =>
    sandbox.control('faults', { platform: 'linkedin', step: 'token', fault, account: 'ann' });

  it('commit-then-drop uses up the code; drop-before-commit and rejected do not', async () => {
    const code = await codeFrom(sandbox, ask());
    await arm('drop-before-commit');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    await arm('rejected');
    expect((await redeem(code)).status).toBe(400);
    await arm('commit-then-drop');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    expect((await redeem(code)).json.error_description).toContain('not found');
    expect(await tokenRequests(sandbox, 'platform=linkedin&account=ann')).toBe(4);
  });
});
