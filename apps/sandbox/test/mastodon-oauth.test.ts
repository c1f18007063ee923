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
let app: { client_id: string; client_secret: string };
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.control('reset', {});
  app = (await register()).json;
});

const allScopes = 'read:accounts read:statuses write:statuses write:media';

const register = (over: Record<string, unknown> = {}) =>
  sandbox.send('/mastodon/api/v1/apps', {
    json: {
      client_name: 'SoloSpark',
      redirect_uris: [callback],
      scopes: `${allScopes} profile read`,
      ...over,
    },
  });
const ask = (over: Record<string, string | undefined> = {}) =>
  question('/mastodon/oauth/authorize', {
    response_type: 'code',
    client_id: app.client_id,
    redirect_uri: callback,
    scope: allScopes,
    state: 'state',
    ...over,
  });
const credentials = () => ({ client_id: app.client_id, client_secret: app.client_secret });
const redeem = (code: string, over: Record<string, string> = {}) =>
  sandbox.send('/mastodon/oauth/token', {
    form: { grant_type: 'authorization_code', code, redirect_uri: callback, ...credentials(), ...over },
  });
const revoke = (form: Record<string, string>) => sandbox.send('/mastodon/oauth/revoke', { form });
const connect = async (scope = allScopes, handle = 'ann'): Promise<string> =>
  (await redeem(await codeFrom(sandbox, ask({ scope }), handle))).json.access_token;
const whose = (token: string) => sandbox.send('/mastodon/api/v1/accounts/verify_credentials', { token });
const publish = (token: string) =>
  sandbox.send('/mastodon/api/v1/statuses', { token, json: { status: 'Hello' } });

describe('Mastodon: registering an app', () => {
  it('200 returns id and secret, for JSON and for a form with one redirect URI per line', async () => {
    const reply = await register({ website: 'https://app.example' });
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      id: expect.stringMatching(/^\d+$/),
      name: 'SoloSpark',
      website: 'https://app.example',
      scopes: [...allScopes.split(' '), 'profile', 'read'],
      redirect_uri: callback,
      redirect_uris: [callback],
      client_id: expect.any(String),
      client_secret: expect.any(String),
      client_secret_expires_at: 0,
      vapid_key: '',
    });
    const ways = [callback, 'https://app.example/other'];
    for (const body of [
      new URLSearchParams({ client_name: 'SoloSpark', redirect_uris: ways.join('\n') }),
      new URLSearchParams([
        ['client_name', 'SoloSpark'],
        ...ways.map((way): [string, string] => ['redirect_uris[]', way]),
      ]),
    ]) {
      const { json } = await sandbox.send('/mastodon/api/v1/apps', { body });
      expect([json.redirect_uris, json.scopes, json.website]).toEqual([ways, ['read'], null]);
    }
  });

  it.each([
    ['no name', { client_name: ' ' }, "Validation failed: Application name can't be blank"],
    ['no redirect URI', { redirect_uris: '' }, "Validation failed: Redirect URI can't be blank"],
    [
      'a redirect URI without a host',
      { redirect_uris: '/a' },
      'Validation failed: Redirect URI must be an absolute URI.',
    ],
    [
      'an unknown scope',
      { scopes: 'read all' },
      "Validation failed: Scopes doesn't match configured on the server.",
    ],
    [
      'an unsupported redirect URI',
      { redirect_uris: 'urn:ietf:wg:oauth:2.0:oob' },
      /^redirect_uris: this sandbox does not/,
    ],
  ])('422 for %s', async (_, over, sentence) => {
    const reply = await register(over);
    expect(reply.status).toBe(422);
    expect(reply.json.error).toEqual(
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    );
  });

  it('survives a restart of the sandbox, as do the tokens', async () => {
    const [code, token] = [await codeFrom(sandbox, ask()), await connect()];
    await afterRestart(async (other) => {
      const form = { grant_type: 'authorization_code', code, redirect_uri: callback, ...credentials() };
      expect((await other.send('/mastodon/oauth/token', { form })).status).toBe(200);
      const who = await other.send('/mastodon/api/v1/accounts/verify_credentials', { token });
      expect(who.json.username).toBe('ann');
    });
  });
});

describe('Mastodon: the code', () => {
  it('200 returns a token of the account that does not expire', async () => {
    const reply = await redeem(await codeFrom(sandbox, ask()));
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      scope: allScopes,
      created_at: expect.any(Number),
    });
    expect(Math.abs(reply.json.created_at - Date.now() / 1000)).toBeLessThan(60);
    expect((await whose(reply.json.access_token)).json.id).toBe(await sandbox.idOf('mastodon', 'ann'));
    expect((await publish(reply.json.access_token)).status).toBe(200);
    expect(await sandbox.publicPosts('mastodon', 'ann')).toMatchObject([{ text: 'Hello' }]);
    await sandbox.control('clock', { offsetMs: 10 * 365 * 24 * 3_600_000 });
    expect((await whose(reply.json.access_token)).status).toBe(200);
  });

  it('200 with the secret in the header, and for JSON', async () => {
    const grant = { grant_type: 'authorization_code', redirect_uri: callback };
    const headers = basic(app.client_id, app.client_secret);
    const form = { ...grant, code: await codeFrom(sandbox, ask()) };
    expect((await sandbox.send('/mastodon/oauth/token', { form, headers })).status).toBe(200);
    const json = { ...grant, ...credentials(), code: await codeFrom(sandbox, ask()) };
    expect((await sandbox.send('/mastodon/oauth/token', { json })).status).toBe(200);
  });

  it('has the scope read by default, and only scopes that the app has registered', async () => {
    const { json } = await redeem(await codeFrom(sandbox, ask({ scope: undefined })));
    expect(json.scope).toBe('read');
    const beyond = await sandbox.send(ask({ scope: 'write' }), { redirect: 'manual' });
    expect(locationOf(beyond).searchParams.get('error')).toBe('invalid_scope');
  });

  it('400 on the page for an unregistered app, and for an unregistered redirect URI', async () => {
    for (const over of [{ client_id: 'app-1' }, { redirect_uri: `${callback}/` }]) {
      const reply = await sandbox.send(ask(over), { redirect: 'manual' });
      expect([reply.status, reply.headers.get('location')]).toEqual([400, null]);
    }
  });

  it('PKCE only with S256: the verifier is required when a challenge was sent', async () => {
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
    const code = await codeFrom(sandbox, ask(pkce));
    expect((await redeem(code, { code_verifier: challenge })).json.error).toBe('invalid_grant');
    expect((await redeem(code)).json.error).toBe('invalid_grant');
    expect((await redeem(code, { code_verifier: verifier })).status).toBe(200);
    for (const code_challenge_method of ['plain', undefined]) {
      const reply = await sandbox.send(ask({ ...pkce, code_challenge_method }), { redirect: 'manual' });
      expect(locationOf(reply).searchParams.get('error')).toBe('invalid_code_challenge_method');
    }
  });

  it('400 invalid_grant for a used or expired code, and for one of another redirect URI or app', async () => {
    const [used, old] = [await codeFrom(sandbox, ask()), await codeFrom(sandbox, ask())];
    await redeem(used);
    const { client_id, client_secret } = (await register({ client_name: 'Other' })).json;
    const refused = [
      await redeem(used),
      await redeem(old, { redirect_uri: `${callback}/` }),
      await redeem(old, { client_id, client_secret }),
      await redeem('nonsense'),
    ];
    await sandbox.control('clock', { offsetMs: 10 * 60_000 });
    for (const { status, json } of [...refused, await redeem(old)]) {
      expect([status, json]).toEqual([
        400,
        {
          error: 'invalid_grant',
          error_description: expect.stringMatching(/^The provided authorization grant /),
        },
      ]);
    }
  });

  it('401 invalid_client for a wrong secret and for an unregistered app', async () => {
    const code = await codeFrom(sandbox, ask());
    for (const over of [{ client_secret: 'wrong' }, { client_id: 'app-1', client_secret: 'app-1-secret' }]) {
      const reply = await redeem(code, over);
      expect([reply.status, reply.json.error]).toEqual([401, 'invalid_client']);
    }
    expect((await redeem(code)).status).toBe(200);
  });

  it('400 for missing parameters, and for another grant type', async () => {
    expect((await redeem('')).json.error_description).toBe('Missing required parameter: code.');
    expect((await redeem('a', { grant_type: '' })).json.error).toBe('invalid_request');
    expect((await redeem('a', { grant_type: 'client_credentials' })).json.error).toBe(
      'unsupported_grant_type',
    );
  });
});

describe('Mastodon: the tokens', () => {
  it.each([
    ['identity', 'read:statuses write:statuses write:media', 'read:accounts'],
    ['identity', 'read:statuses', 'profile'],
    ['publish', 'read:accounts read:statuses write:media', 'write:statuses'],
    ['upload', 'read:accounts write:statuses', 'write:media'],
    ['lookup', 'read:accounts write:statuses', 'read:statuses'],
    ['lookup', 'write:statuses', 'read'],
  ])('403 for %s with %s, and not with %s', async (step, tooLittle, enough) => {
    const call = async (token: string) => {
      const body = new FormData();
      body.set('file', new Blob([jpeg]), 'photo.jpg');
      const id = await sandbox.idOf('mastodon', 'ann');
      if (step === 'identity') return whose(token);
      if (step === 'publish') return publish(token);
      if (step === 'upload') return sandbox.send('/mastodon/api/v2/media', { token, body });
      return sandbox.send(`/mastodon/api/v1/accounts/${id}/statuses`, { token });
    };
    const refused = await call(await connect(tooLittle));
    expect([refused.status, refused.json]).toEqual([
      403,
      { error: 'This action is outside the authorized scopes' },
    ]);
    expect(await sandbox.publicPosts('mastodon', 'ann')).toEqual([]);
    expect((await call(await connect(enough))).status).toBe(200);
  });

  it('200 for the instance calls with any token', async () => {
    const token = await connect('write:media');
    expect((await sandbox.send('/mastodon/api/v2/instance', { token })).status).toBe(200);
  });

  it('200 for revoking, which is idempotent, also for an unknown token; 401 for calls afterwards', async () => {
    const [token, other] = [await connect(), await connect()];
    for (const named of [token, token, 'nonsense']) {
      const reply = await revoke({ token: named, ...credentials() });
      expect([reply.status, reply.json]).toEqual([200, {}]);
    }
    const refused = await whose(token);
    expect([refused.status, refused.json]).toEqual([401, { error: 'The access token was revoked' }]);
    expect((await whose(other)).status).toBe(200);
  });

  it('403 for revoking without a token, with a wrong secret, or a token of another app', async () => {
    const token = await connect();
    const { client_id, client_secret } = (await register({ client_name: 'Other' })).json;
    for (const form of [
      credentials(),
      { token, ...credentials(), client_secret: 'wrong' },
      { token, client_id, client_secret },
    ]) {
      const reply = await revoke(form);
      expect([reply.status, reply.json.error]).toEqual([403, 'unauthorized_client']);
    }
    expect((await whose(token)).status).toBe(200);
  });

  it('end when the consent is withdrawn, for that account only, until the next consent', async () => {
    const [ann, bob] = [await connect(), await connect(allScopes, 'bob')];
    await sandbox.control('withdrawals', { platform: 'mastodon', account: 'ann' });
    expect((await whose(ann)).json).toEqual({ error: 'The access token was revoked' });
    expect((await whose(bob)).status).toBe(200);
    expect((await whose(await connect())).status).toBe(200);
  });
});

describe('Mastodon: the OAuth metadata', () => {
  it('200 without a token; 404 from other software', async () => {
    const path = '/mastodon/.well-known/oauth-authorization-server';
    const base = `${sandbox.url}/mastodon`;
    expect((await sandbox.send(path)).json).toMatchObject({
      issuer: `${base}/`,
      authorization_endpoint: `${base}/oauth/authorize`,
      token_endpoint: `${base}/oauth/token`,
      revocation_endpoint: `${base}/oauth/revoke`,
      app_registration_endpoint: `${base}/api/v1/apps`,
      code_challenge_methods_supported: ['S256'],
    });
    await sandbox.control('settings', { platform: 'mastodon', honoursIdempotencyKey: false });
    expect((await sandbox.send(path)).status).toBe(404);
  });
});

describe('Mastodon: faults of the token calls', () => {
  const arm = (fault: string, account: string) =>
    sandbox.control('faults', { platform: 'mastodon', step: 'token', fault, account });

  it('commit-then-drop uses up the code; drop-before-commit and rejected do not', async () => {
    const code = await codeFrom(sandbox, ask());
    await arm('drop-before-commit', 'ann');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    await arm('rejected', 'ann');
    expect((await redeem(code)).json.error).toBe('invalid_grant');
    await arm('commit-then-drop', 'ann');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    expect((await redeem(code)).json.error).toBe('invalid_grant');
    expect(await tokenRequests(sandbox, 'platform=mastodon&account=ann')).toBe(4);
  });

  it('registering an app belongs to the account visitor', async () => {
    await arm('rejected', 'visitor');
    expect((await register()).status).toBe(422);
    await arm('rate-limited', 'visitor');
    expect((await register()).status).toBe(429);
    expect((await register()).status).toBe(200);
    expect(await tokenRequests(sandbox, 'platform=mastodon&account=visitor')).toBe(4);
  });

  it('a revocation with a lost answer has ended the token', async () => {
    const token = await connect();
    await arm('commit-then-drop', 'ann');
    await expect(revoke({ token, ...credentials() })).rejects.toThrow('fetch failed');
    expect((await whose(token)).status).toBe(401);
    expect((await revoke({ token, ...credentials() })).status).toBe(200);
  });
});
