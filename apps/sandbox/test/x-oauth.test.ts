import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jpeg, startSandbox, type Sandbox } from './harness.ts';
import {
  afterRestart,
  basic,
  callback,
  challenge,
  codeFrom,
  locationOf,
  question,
  tokenRequests,
  verifier,
} from './oauth-harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const hourMs = 3_600_000;
const allScopes = 'tweet.read tweet.write users.read media.write offline.access';

const ask = (over: Record<string, string | undefined> = {}) =>
  question('/x/i/oauth2/authorize', {
    response_type: 'code',
    client_id: 'app-1',
    redirect_uri: callback,
    scope: allScopes,
    state: 'state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...over,
  });
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = basic('app-1')) =>
  sandbox.send(`/x/2/oauth2/${path}`, { form, headers });
const redeem = (code: string, over: Record<string, string> = {}, headers?: Record<string, string>) =>
  post(
    'token',
    { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier, ...over },
    headers,
  );
const refresh = (token: string, headers?: Record<string, string>) =>
  post('token', { grant_type: 'refresh_token', refresh_token: token }, headers);
const connect = async (scope = allScopes, handle = 'ann') =>
  (await redeem(await codeFrom(sandbox, ask({ scope }), handle))).json;
const me = (token: string) => sandbox.send('/x/2/users/me', { token });
const tweet = (token: string, text = 'Hello') => sandbox.send('/x/2/tweets', { token, json: { text } });

const invalid = (what: string) => ({
  error: 'invalid_request',
  error_description: `Value passed for the ${what}`,
});
const tokenRefused = [400, invalid('token was invalid.')];
const codeRefused = [400, invalid('authorization code was invalid.')];
const clientRefused = [
  401,
  { error: 'unauthorized_client', error_description: 'Missing valid authorization header' },
];
const statusAndBody = ({ status, json }: { status: number; json: unknown }) => [status, json];

describe('X: the code', () => {
  it('200 returns tokens of the account, for a confidential app and for a public one', async () => {
    for (const [headers, more] of [
      [basic('app-1'), {}],
      [{}, { client_id: 'app-1' }],
    ] as const) {
      const reply = await redeem(await codeFrom(sandbox, ask()), more, headers);
      expect(reply.status).toBe(200);
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.json).toEqual({
        token_type: 'bearer',
        expires_in: 7200,
        access_token: expect.any(String),
        scope: allScopes,
        refresh_token: expect.any(String),
      });
      const { data } = (await me(reply.json.access_token)).json;
      expect(data).toEqual({ id: await sandbox.idOf('x', 'ann'), name: 'ann', username: 'ann' });
    }
  });

  it('200 without a refresh token when offline.access was not requested', async () => {
    expect(Object.keys(await connect('tweet.read users.read'))).not.toContain('refresh_token');
  });

  it('200 returns a token whose posts belong to the account', async () => {
    const { access_token: token } = await connect();
    expect((await tweet(token)).status).toBe(201);
    expect(await sandbox.publicPosts('x', 'ann')).toMatchObject([{ text: 'Hello' }]);
  });

  it('200 for a plain challenge, also without a method', async () => {
    for (const code_challenge_method of ['plain', undefined]) {
      const code = await codeFrom(sandbox, ask({ code_challenge: verifier, code_challenge_method }));
      expect((await redeem(code)).status).toBe(200);
    }
  });

  it('200 for JSON, too, for getting and for revoking tokens', async () => {
    const client = { client_id: 'app-1' };
    const send = (path: string, json: object) =>
      sandbox.send(`/x/2/oauth2/${path}`, { json: { ...client, ...json }, headers: basic('app-1') });
    const code = await codeFrom(sandbox, ask());
    const grant = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    const first = await send('token', grant);
    expect(first.status).toBe(200);
    const renewal = { grant_type: 'refresh_token', refresh_token: first.json.refresh_token };
    const second = await send('token', renewal);
    expect(second.status).toBe(200);
    expect((await send('revoke', { token: second.json.access_token })).json).toEqual({ revoked: true });
    expect((await me(second.json.access_token)).status).toBe(401);
  });

  it('200 for a method in lower case, as real clients of X send it', async () => {
    const code = await codeFrom(sandbox, ask({ code_challenge_method: 's256' }));
    expect((await redeem(code, { code_verifier: challenge })).status).toBe(400);
    expect((await redeem(code)).status).toBe(200);
  });

  it('302 with invalid_request without a challenge, with an unknown method, and for a long state', async () => {
    for (const over of [
      { code_challenge: undefined },
      { code_challenge_method: 'S512' },
      { state: 'a'.repeat(501) },
    ]) {
      const reply = await sandbox.send(ask(over), { redirect: 'manual' });
      expect(reply.status).toBe(302);
      expect(locationOf(reply).searchParams.get('error')).toBe('invalid_request');
    }
  });

  it('400 for a wrong and for a missing verifier, without using up the code', async () => {
    const code = await codeFrom(sandbox, ask());
    const refused = invalid('code verifier did not match the code challenge.');
    expect(statusAndBody(await redeem(code, { code_verifier: challenge }))).toEqual([400, refused]);
    expect((await redeem(code, { code_verifier: '' })).json.error_description).toContain('[code_verifier]');
    expect((await redeem(code)).status).toBe(200);
  });

  it('400 for a used code', async () => {
    const code = await codeFrom(sandbox, ask());
    const first = (await redeem(code)).json;
    expect(statusAndBody(await redeem(code))).toEqual(codeRefused);
    expect((await me(first.access_token)).status).toBe(200);
  });

  it('200 for exactly one of six concurrent uses', async () => {
    const code = await codeFrom(sandbox, ask());
    const replies = await Promise.all([1, 2, 3, 4, 5, 6].map(() => redeem(code)));
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
  });

  it('400 after thirty seconds', async () => {
    const [early, late] = [await codeFrom(sandbox, ask()), await codeFrom(sandbox, ask())];
    await sandbox.control('clock', { offsetMs: 25_000 });
    expect((await redeem(early)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 30_000 });
    expect(statusAndBody(await redeem(late))).toEqual(codeRefused);
  });

  it('400 for another redirect URI, even if only a slash differs', async () => {
    const reply = await redeem(await codeFrom(sandbox, ask()), { redirect_uri: `${callback}/` });
    const refused = invalid('redirect uri did not match the uri of the authorization code.');
    expect(statusAndBody(reply)).toEqual([400, refused]);
  });

  it('401 for a wrong secret, a missing app, and malformed Basic credentials; 400 for another app', async () => {
    const code = await codeFrom(sandbox, ask());
    for (const headers of [basic('app-1', 'wrong'), {}, { authorization: 'Bearer app-1' }]) {
      expect(statusAndBody(await redeem(code, {}, headers))).toEqual(clientRefused);
    }
    expect(statusAndBody(await redeem(code, {}, basic('app-2')))).toEqual(codeRefused);
    expect((await redeem(code)).status).toBe(200);
  });

  it('200 for a percent-encoded id and secret, as RFC 6749 requires', async () => {
    const headers = basic('app%2D1', 'app%2D1%2Dsecret');
    expect((await redeem(await codeFrom(sandbox, ask()), {}, headers)).status).toBe(200);
  });

  it('400 for missing parameters, another grant type, and a body that is not a form', async () => {
    const code = await codeFrom(sandbox, ask());
    expect((await redeem('')).json.error_description).toContain('[code]');
    expect((await redeem(code, { redirect_uri: '' })).json.error_description).toContain('[redirect_uri]');
    expect((await redeem(code, { grant_type: 'password' })).json.error).toBe('unsupported_grant_type');
    const body = new Blob(['grant_type=authorization_code'], { type: 'text/plain' });
    const noForm = await sandbox.send('/x/2/oauth2/token', { body, headers: basic('app-1') });
    expect(noForm.status).toBeGreaterThanOrEqual(400);
    expect(noForm.status).toBeLessThan(500);
    expect(statusAndBody(await redeem(`${code}a`))).toEqual(codeRefused);
    expect(statusAndBody(await redeem((await connect()).access_token))).toEqual(codeRefused);
  });
});

describe('X: the tokens', () => {
  it('401 after two hours; the refresh token returns new ones for half a year', async () => {
    const first = await connect();
    await sandbox.control('clock', { offsetMs: 2 * hourMs - 60_000 });
    expect((await me(first.access_token)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 2 * hourMs });
    expect(statusAndBody(await me(first.access_token))).toEqual([
      401,
      { title: 'Unauthorized', detail: 'Unauthorized', type: 'about:blank', status: 401 },
    ]);
    const second = (await refresh(first.refresh_token)).json;
    expect(second).toMatchObject({ token_type: 'bearer', expires_in: 7200, scope: allScopes });
    expect((await me(second.access_token)).status).toBe(200);
    await sandbox.control('clock', { offsetMs: 183 * 24 * hourMs });
    expect(statusAndBody(await refresh(second.refresh_token))).toEqual(tokenRefused);
  });

  it('400 for a used refresh token, which by default also ends all tokens of the grant', async () => {
    const first = await connect();
    const second = (await refresh(first.refresh_token)).json;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect((await me(second.access_token)).status).toBe(200);
    expect(statusAndBody(await refresh(first.refresh_token))).toEqual(tokenRefused);
    expect((await me(second.access_token)).status).toBe(401);
    expect(statusAndBody(await refresh(second.refresh_token))).toEqual(tokenRefused);
    expect((await me((await connect()).access_token)).status).toBe(200);
  });

  it('400 for a used refresh token, which ends nothing else without replayEndsGrant', async () => {
    await sandbox.control('settings', { platform: 'x', replayEndsGrant: false });
    const first = await connect();
    const second = (await refresh(first.refresh_token)).json;
    expect(statusAndBody(await refresh(first.refresh_token))).toEqual(tokenRefused);
    expect((await me(second.access_token)).status).toBe(200);
    expect((await refresh(second.refresh_token)).status).toBe(200);
  });

  it('400 for a refresh with an access token, an unknown token, or by another app; 401 for a wrong secret', async () => {
    const { access_token, refresh_token } = await connect();
    expect(statusAndBody(await refresh(access_token))).toEqual(tokenRefused);
    expect(statusAndBody(await refresh('nonsense'))).toEqual(tokenRefused);
    expect(statusAndBody(await refresh(refresh_token, basic('app-2')))).toEqual(tokenRefused);
    expect(statusAndBody(await refresh(refresh_token, basic('app-1', 'wrong')))).toEqual(clientRefused);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it('401 for a call with a refresh token', async () => {
    expect((await me((await connect()).refresh_token)).status).toBe(401);
  });

  it("401 on another platform's API", async () => {
    const { access_token: token } = await connect();
    expect((await sandbox.send('/linkedin/v2/userinfo', { token })).status).toBe(401);
  });

  it.each([
    ['identity', 'tweet.read'],
    ['publish', 'tweet.read users.read'],
    ['upload', 'tweet.read tweet.write users.read'],
    ['lookup', 'users.read'],
    ['delete', 'tweet.read users.read'],
  ])('403 for %s with only the scopes %s', async (step, scope) => {
    const { access_token: token } = await connect(scope);
    const userId = await sandbox.idOf('x', 'ann');
    const body = new FormData();
    body.set('media', new Blob([jpeg]), 'photo.jpg');
    body.set('media_category', 'tweet_image');
    const calls: Record<string, () => Promise<{ status: number; json: unknown }>> = {
      identity: () => me(token),
      publish: () => tweet(token),
      upload: () => sandbox.send('/x/2/media/upload', { token, body }),
      lookup: () => sandbox.send(`/x/2/users/${userId}/tweets`, { token }),
      delete: () => sandbox.send('/x/2/tweets/1', { token, method: 'DELETE' }),
    };
    const reply = await calls[step]?.();
    expect([reply?.status, reply?.json]).toEqual([
      403,
      { title: 'Forbidden', detail: 'Forbidden', type: 'about:blank', status: 403 },
    ]);
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
  });

  it('survive a restart of the sandbox', async () => {
    const { access_token, refresh_token } = await connect();
    await afterRestart(async (other) => {
      const reply = await other.send('/x/2/users/me', { token: access_token });
      expect(reply.json.data.username).toBe('ann');
      const form = { grant_type: 'refresh_token', refresh_token };
      expect((await other.send('/x/2/oauth2/token', { form, headers: basic('app-1') })).status).toBe(200);
    });
  });
});

describe('X: revoking tokens', () => {
  it('200 ends only the named token, is idempotent, and is 200 for an unknown token', async () => {
    const { access_token, refresh_token } = await connect();
    for (const token of [access_token, access_token, 'nonsense']) {
      expect(statusAndBody(await post('revoke', { token }))).toEqual([200, { revoked: true }]);
    }
    expect((await me(access_token)).status).toBe(401);
    const { access_token: next } = (await refresh(refresh_token)).json;
    expect((await me(next)).status).toBe(200);
  });

  it('200 for a refresh token, and for a public app', async () => {
    const { refresh_token: token } = await connect();
    expect((await post('revoke', { token, client_id: 'app-1' }, {})).status).toBe(200);
    expect(statusAndBody(await refresh(token))).toEqual(tokenRefused);
  });

  it("401 for a wrong secret, 400 for another app's token or for none", async () => {
    const { access_token: token } = await connect();
    expect(statusAndBody(await post('revoke', { token }, basic('app-1', 'wrong')))).toEqual(clientRefused);
    expect(statusAndBody(await post('revoke', { token }, basic('app-2')))).toEqual(tokenRefused);
    expect((await post('revoke', {})).status).toBe(400);
    expect((await me(token)).status).toBe(200);
  });

  it('a withdrawn consent ends codes, access and refresh tokens of that account only, until a new consent', async () => {
    const [ann, bob] = [await connect(), await connect(allScopes, 'bob')];
    const code = await codeFrom(sandbox, ask());
    const withdrawal = { platform: 'x', account: 'ann' };
    expect((await sandbox.control('withdrawals', withdrawal)).json).toEqual({
      ...withdrawal,
      withdrawn: true,
    });
    expect((await me(ann.access_token)).status).toBe(401);
    expect(statusAndBody(await refresh(ann.refresh_token))).toEqual(tokenRefused);
    expect(statusAndBody(await redeem(code))).toEqual(codeRefused);
    expect((await me(bob.access_token)).status).toBe(200);
    expect((await me('sandbox-ann')).status).toBe(200);
    const again = await connect();
    expect((await me(again.access_token)).status).toBe(200);
    expect((await refresh(again.refresh_token)).status).toBe(200);
  });

  it('a consent withdrawn while the clock is set back ends the tokens issued before', async () => {
    await sandbox.control('clock', { offsetMs: hourMs });
    const { access_token: token } = await connect();
    await sandbox.control('clock', { offsetMs: 0 });
    await sandbox.control('withdrawals', { platform: 'x', account: 'ann' });
    expect((await me(token)).status).toBe(401);
  });
});

describe('X: faults of the token calls', () => {
  const arm = async (fault: string, more: Record<string, unknown> = {}) => {
    const reply = await sandbox.control('faults', {
      platform: 'x',
      step: 'token',
      fault,
      account: 'ann',
      ...more,
    });
    expect(reply.status).toBe(201);
  };

  it('belong to the account of the code or refresh token, and the calls are counted', async () => {
    const { refresh_token: token } = await connect();
    await refresh(token);
    await refresh('nonsense');
    expect(await tokenRequests(sandbox, 'platform=x&account=ann')).toBe(2);
    expect(await tokenRequests(sandbox, 'platform=x')).toBe(3);
    await arm('5xx-before-commit', { account: 'bob' });
    expect((await redeem(await codeFrom(sandbox, ask()))).status).toBe(200);
    expect((await redeem(await codeFrom(sandbox, ask(), 'bob'))).status).toBe(503);
  });

  it('drop-before-commit does not use up the refresh token', async () => {
    const { refresh_token: token } = await connect();
    await arm('drop-before-commit');
    await expect(refresh(token)).rejects.toThrow('fetch failed');
    expect((await refresh(token)).status).toBe(200);
  });

  it('commit-then-drop uses up the refresh token, and the new one is lost', async () => {
    const { refresh_token: token } = await connect();
    await arm('commit-then-drop');
    await expect(refresh(token)).rejects.toThrow('fetch failed');
    expect(statusAndBody(await refresh(token))).toEqual(tokenRefused);
  });

  it('commit-then-5xx and truncated-body use up the refresh token, the latter with truncated JSON', async () => {
    const first = await connect();
    await arm('commit-then-5xx', { status: 502 });
    expect((await refresh(first.refresh_token)).status).toBe(502);
    expect((await refresh(first.refresh_token)).status).toBe(400);
    const second = await connect();
    await arm('truncated-body');
    const reply = await refresh(second.refresh_token);
    expect([reply.status, reply.json]).toEqual([200, undefined]);
    expect((await refresh(second.refresh_token)).status).toBe(400);
  });

  it('hang-before-commit, rate-limited and rejected do not use up the refresh token', async () => {
    const { refresh_token: token } = await connect();
    await arm('hang-before-commit', { ms: 50 });
    expect((await refresh(token)).status).toBe(504);
    await arm('rate-limited');
    const limited = await refresh(token);
    expect([limited.status, limited.headers.get('x-rate-limit-remaining')]).toEqual([429, '0']);
    await arm('rejected');
    expect(statusAndBody(await refresh(token))).toEqual(tokenRefused);
    expect((await refresh(token)).status).toBe(200);
  });

  it('expired-token cannot be armed, because token calls send no access token', async () => {
    const reply = await sandbox.control('faults', { platform: 'x', step: 'token', fault: 'expired-token' });
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatch(/^fault: x token cannot play expired-token; /);
  });
});
