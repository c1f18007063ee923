import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, startWeb, type Sandbox } from './harness.ts';
import { afterRestart, callback, codeFrom, question, tokenRequests } from './oauth-harness.ts';

let sandbox: Sandbox;
let web: Awaited<ReturnType<typeof startWeb>>;
beforeAll(async () => {
  sandbox = await startSandbox();
  web = await startWeb();
});
afterAll(async () => {
  await sandbox.close();
  await web.close();
});
beforeEach(() => sandbox.control('reset', {}));

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const [basicScope, publishScope] = ['instagram_business_basic', 'instagram_business_content_publish'];

const ask = (scope = `${basicScope},${publishScope}`) =>
  question('/instagram/oauth/authorize', {
    response_type: 'code',
    client_id: 'app-1',
    redirect_uri: callback,
    state: 'state',
    scope,
  });
const formFor = (code: string, over: Record<string, string> = {}) => ({
  client_id: 'app-1',
  client_secret: 'app-1-secret',
  grant_type: 'authorization_code',
  redirect_uri: callback,
  code,
  ...over,
});
const redeem = (code: string, over?: Record<string, string>) =>
  sandbox.send('/instagram/oauth/access_token', { form: formFor(code, over) });
const get = (path: string, parameters: Record<string, string>) =>
  sandbox.send(question(`/instagram/${path}`, parameters));
const lengthen = (token: string, over: Record<string, string> = {}) =>
  get('access_token', {
    grant_type: 'ig_exchange_token',
    client_secret: 'app-1-secret',
    access_token: token,
    ...over,
  });
const renew = (token: string, over: Record<string, string> = {}) =>
  get('refresh_access_token', { grant_type: 'ig_refresh_token', access_token: token, ...over });
const me = (token: string) => get('me', { fields: 'user_id,username', access_token: token });
const shortToken = async (scope?: string, handle = 'ann'): Promise<string> =>
  (await redeem(await codeFrom(sandbox, ask(scope), handle))).json.access_token;
const longToken = async (): Promise<string> => (await lengthen(await shortToken())).json.access_token;

describe('Instagram: the code', () => {
  it('200 returns a token of one hour, and the id as a number that JavaScript reads inexactly', async () => {
    const reply = await redeem(await codeFrom(sandbox, ask()));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
    const id = await sandbox.idOf('instagram', 'ann');
    expect(reply.text).toContain(`"user_id":${id},`);
    expect(reply.json).toEqual({
      access_token: expect.any(String),
      user_id: Number(id),
      permissions: [basicScope, publishScope],
    });
    expect((await me(reply.json.access_token)).json).toEqual({ id, user_id: id, username: 'ann' });
  });

  it('200 for a multipart form, too; 400 for JSON', async () => {
    const code = await codeFrom(sandbox, ask());
    const json = await sandbox.send('/instagram/oauth/access_token', { json: formFor(code) });
    expect([json.status, json.json.error_message]).toEqual([400, 'Missing required field client_id']);
    const body = new FormData();
    for (const [name, value] of Object.entries(formFor(code))) body.set(name, value);
    expect((await sandbox.send('/instagram/oauth/access_token', { body })).status).toBe(200);
  });

  it('200 for scopes separated by spaces', async () => {
    const reply = await redeem(await codeFrom(sandbox, ask(`${basicScope} ${publishScope}`)));
    expect(reply.json.permissions).toEqual([basicScope, publishScope]);
  });

  it('400 in its own format for a used or expired code, and for another redirect URI', async () => {
    const [used, old] = [await codeFrom(sandbox, ask()), await codeFrom(sandbox, ask())];
    await redeem(used);
    const again = await redeem(used);
    expect([again.status, again.json]).toEqual([
      400,
      {
        error_type: 'OAuthException',
        code: 400,
        error_message: 'Matching code was not found or was already used.',
      },
    ]);
    const elsewhere = await redeem(old, { redirect_uri: `${callback}/` });
    expect([elsewhere.status, elsewhere.json.error_message]).toEqual([
      400,
      expect.stringContaining('redirect_uri is identical'),
    ]);
    await sandbox.control('clock', { offsetMs: hourMs });
    const late = await redeem(old);
    expect([late.status, late.json.error_message]).toEqual([400, 'This authorization code has expired.']);
  });

  it('400 for a wrong secret, another app, another grant type, and missing parameters', async () => {
    const code = await codeFrom(sandbox, ask());
    const sentence = async (over: Record<string, string>) => (await redeem(code, over)).json.error_message;
    expect(await sentence({ client_secret: 'wrong' })).toBe('Error validating client secret.');
    expect(await sentence({ client_id: 'app-2', client_secret: 'app-2-secret' })).toMatch(/^Matching code /);
    expect(await sentence({ grant_type: 'password' })).toBe('Invalid grant_type');
    expect(await sentence({ code: '' })).toBe('Missing required field code');
    expect((await redeem(code)).status).toBe(200);
  });
});

describe('Instagram: the tokens', () => {
  it('190/463 after an hour for a token of one hour, which can be exchanged until then', async () => {
    const token = await shortToken();
    await sandbox.control('clock', { offsetMs: hourMs - 60_000 });
    const long = await lengthen(token);
    expect(long.json).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 5_184_000,
    });
    await sandbox.control('clock', { offsetMs: hourMs });
    for (const refused of [await me(token), await lengthen(token)]) {
      expect([refused.status, refused.json.error.code, refused.json.error.error_subcode]).toEqual([
        400, 190, 463,
      ]);
    }
    expect((await me(long.json.access_token)).json.username).toBe('ann');
  });

  it('400 for an exchange with a wrong secret, of a token of sixty days, or with another grant type', async () => {
    const [short, long] = [await shortToken(), await longToken()];
    for (const refused of [
      await lengthen(short, { client_secret: 'wrong' }),
      await lengthen(short, { client_secret: 'app-2-secret' }),
      await lengthen(long),
      await lengthen('sandbox-ann'),
      await lengthen(short, { grant_type: 'ig_refresh_token' }),
    ]) {
      expect([refused.status, refused.json.error.code]).toEqual([400, 100]);
    }
    expect((await lengthen('nonsense')).json.error.code).toBe(190);
    expect((await lengthen(short)).status).toBe(200);
  });

  it('200 renews a token of sixty days after a day, repeatedly; 190/463 after sixty days', async () => {
    const first = await longToken();
    await sandbox.control('clock', { offsetMs: dayMs - 60_000 });
    const early = await renew(first);
    expect([early.status, early.json.error.code]).toEqual([400, 100]);
    await sandbox.control('clock', { offsetMs: dayMs });
    const second = await renew(first);
    expect(second.json).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 5_184_000,
    });
    expect((await renew(second.json.access_token)).json.error.code).toBe(100);
    await sandbox.control('clock', { offsetMs: 60 * dayMs });
    expect((await me(first)).json.error).toMatchObject({ code: 190, error_subcode: 463 });
    expect((await renew(first)).json.error).toMatchObject({ code: 190, error_subcode: 463 });
    const third = await renew(second.json.access_token);
    expect(third.status).toBe(200);
    await sandbox.control('clock', { offsetMs: 119 * dayMs });
    expect((await me(third.json.access_token)).json.username).toBe('ann');
  });

  it("400 for renewing a token of one hour, the sandbox's own token, and with another grant type", async () => {
    const [short, long] = [await shortToken(), await longToken()];
    expect((await renew(short)).json.error.code).toBe(100);
    expect((await renew('sandbox-ann')).json.error.code).toBe(100);
    await sandbox.control('clock', { offsetMs: dayMs });
    expect((await renew(long, { grant_type: 'ig_exchange_token' })).json.error.code).toBe(100);
    expect((await renew(long)).status).toBe(200);
  });

  it('may be sent to a path with a version', async () => {
    const token = await shortToken();
    const reply = await get('v25.0/access_token', {
      grant_type: 'ig_exchange_token',
      client_secret: 'app-1-secret',
      access_token: token,
    });
    expect(reply.json.token_type).toBe('bearer');
  });

  it('code 10 without the scope of the call; a post belongs to the account of the token', async () => {
    const userId = await sandbox.idOf('instagram', 'ann');
    const container = (token: string) =>
      sandbox.send(`/instagram/${userId}/media`, {
        token,
        json: { image_url: `${web.url}/photo.jpg`, caption: 'Look' },
      });
    const refused = await container(await shortToken(basicScope));
    expect([refused.status, refused.json.error.code]).toEqual([400, 10]);
    expect((await me(await shortToken(publishScope))).json.error.code).toBe(10);

    const token = await shortToken();
    const { id } = (await container(token)).json;
    await sandbox.send(`/instagram/${id}?fields=status_code`, { token });
    const json = { creation_id: id };
    expect((await sandbox.send(`/instagram/${userId}/media_publish`, { token, json })).status).toBe(200);
    expect(await sandbox.publicPosts('instagram', 'ann')).toMatchObject([{ text: 'Look' }]);
  });

  it('190/458 after the person has removed the app, also for renewing', async () => {
    const [ann, bob] = [await longToken(), await shortToken(undefined, 'bob')];
    await sandbox.control('withdrawals', { platform: 'instagram', account: 'ann' });
    await sandbox.control('clock', { offsetMs: dayMs });
    for (const refused of [await me(ann), await renew(ann)]) {
      expect([refused.status, refused.json.error.code, refused.json.error.error_subcode]).toEqual([
        400, 190, 458,
      ]);
    }
    await sandbox.control('clock', { offsetMs: 0 });
    expect((await me(bob)).json.username).toBe('bob');
    expect((await me(await longToken())).json.username).toBe('ann');
  });

  it('survive a restart of the sandbox', async () => {
    const token = await longToken();
    await afterRestart(async (other) => {
      const path = question('/instagram/me', { fields: 'username', access_token: token });
      expect((await other.send(path)).json.username).toBe('ann');
    });
  });
});

describe('Instagram: faults of the token calls', () => {
  const arm = (fault: string) =>
    sandbox.control('faults', { platform: 'instagram', step: 'token', fault, account: 'ann' });

  it('commit-then-drop uses up the code; drop-before-commit and rejected do not', async () => {
    const code = await codeFrom(sandbox, ask());
    await arm('drop-before-commit');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    await arm('rejected');
    expect((await redeem(code)).json.error_message).toMatch(/^Matching code /);
    await arm('commit-then-drop');
    await expect(redeem(code)).rejects.toThrow('fetch failed');
    expect((await redeem(code)).json.error_message).toMatch(/^Matching code /);
    expect(await tokenRequests(sandbox, 'platform=instagram&account=ann')).toBe(4);
  });

  it('truncated-body cuts the JSON, also the one with the numeric id', async () => {
    await arm('truncated-body');
    const reply = await redeem(await codeFrom(sandbox, ask()));
    expect([reply.status, reply.json]).toEqual([200, undefined]);
    expect(reply.text).toMatch(/^\{"access_token":"/);
  });

  it('commit-then-drop of a renewal does no harm: the old token can be renewed again', async () => {
    const token = await longToken();
    await sandbox.control('clock', { offsetMs: dayMs });
    await arm('commit-then-drop');
    await expect(renew(token)).rejects.toThrow('fetch failed');
    await arm('rejected');
    expect((await renew(token)).json.error.code).toBe(190);
    expect((await renew(token)).status).toBe(200);
  });
});
