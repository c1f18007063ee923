import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './harness.ts';
import { answerPage, callback, challenge, formOn, locationOf, question } from './oauth-harness.ts';

let sandbox: Sandbox;
let appId: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  const form = { client_name: 'SoloSpark', redirect_uris: callback, scopes: 'read write' };
  appId = (await sandbox.send('/mastodon/api/v1/apps', { form })).json.client_id;
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const common = { response_type: 'code', redirect_uri: callback, state: 'a state & more' };
/** A valid authorization request for each platform. */
const questions: Record<string, () => { path: string; parameters: Record<string, string> }> = {
  x: () => ({
    path: '/x/i/oauth2/authorize',
    parameters: {
      ...common,
      client_id: 'app-1',
      scope: 'tweet.read offline.access',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    },
  }),
  linkedin: () => ({
    path: '/linkedin/oauth/v2/authorization',
    parameters: { ...common, client_id: 'app-1', scope: 'openid w_member_social' },
  }),
  instagram: () => ({
    path: '/instagram/oauth/authorize',
    parameters: {
      ...common,
      client_id: 'app-1',
      scope: 'instagram_business_basic,instagram_business_content_publish',
    },
  }),
  mastodon: () => ({
    path: '/mastodon/oauth/authorize',
    parameters: { ...common, client_id: appId, scope: 'read write' },
  }),
};

describe.each(Object.keys(questions))('%s: the consent page', (platform) => {
  function ask(over: Record<string, string | undefined> = {}): string {
    const asked = questions[platform]?.();
    if (!asked) throw new Error(`no question for ${platform}`);
    return question(asked.path, { ...asked.parameters, ...over });
  }
  const open = (over?: Record<string, string | undefined>) => sandbox.send(ask(over), { redirect: 'manual' });

  it('200 shows platform, app, scopes and redirect URI, one field and two buttons, and has no scripts', async () => {
    const page = await open();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const { scope = '', client_id: clientId = '' } = questions[platform]?.().parameters ?? {};
    for (const shown of [...scope.split(/[ ,]/), clientId, callback]) expect(page.text).toContain(shown);
    expect(page.text.toLowerCase()).toContain(`${platform} sandbox`);
    expect(formOn(page.text)).toEqual({
      fields: { handle: 'demo' },
      decisions: ['decision=authorize', 'decision=cancel'],
    });
    expect(page.text).toContain('<label for="handle">');
    expect(page.text).not.toContain('<script');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' http: https:;");
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('302 appends code and state to the query of the redirect URI, also without opening the page', async () => {
    for (const reply of [
      await answerPage(sandbox, ask()),
      await sandbox.send(ask(), { form: { handle: 'ann', decision: 'authorize' }, redirect: 'manual' }),
    ]) {
      expect(reply.status).toBe(302);
      const location = locationOf(reply);
      expect(location.href.startsWith(`${callback}&code=`)).toBe(true);
      expect([...location.searchParams.keys()]).toEqual(['from', 'code', 'state']);
      expect(location.searchParams.get('state')).toBe('a state & more');
      expect(location.hash).toBe(platform === 'instagram' ? '#_' : '');
    }
  });

  it('302 without a state where none was sent', async () => {
    const reply = await answerPage(sandbox, ask({ state: undefined }));
    expect([...locationOf(reply).searchParams.keys()]).toEqual(['from', 'code']);
  });

  it('302 with an error and the state for a person who cancels, with any text in the field', async () => {
    const reply = await answerPage(sandbox, ask(), { handle: 'NO!', decision: 'cancel' });
    expect(reply.status).toBe(302);
    const { searchParams } = locationOf(reply);
    const denied = platform === 'linkedin' ? 'user_cancelled_authorize' : 'access_denied';
    expect([searchParams.get('error'), searchParams.get('state')]).toEqual([denied, 'a state & more']);
    expect(searchParams.get('code')).toBeNull();
  });

  it('302 with an error for an unknown scope, and for none', async () => {
    const word = platform === 'linkedin' ? 'unauthorized_scope_error' : 'invalid_scope';
    for (const scope of ['openid everything', ' ']) {
      const { searchParams } = locationOf(await open({ scope }));
      expect([searchParams.get('error'), searchParams.get('state')]).toEqual([word, 'a state & more']);
    }
  });

  it('400 asks again for an invalid account name', async () => {
    for (const handle of ['', 'Ann', 'a b', 'a'.repeat(41), '"><script>']) {
      const reply = await answerPage(sandbox, ask(), { handle });
      expect([handle, reply.status, reply.headers.get('location')]).toEqual([handle, 400, null]);
      expect(reply.text).toContain('role="alert"');
      expect(reply.text).not.toContain('<script');
    }
  });

  it('400 for a form without a button', async () => {
    const reply = await sandbox.send(ask(), { form: { handle: 'ann' }, redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['no app', { client_id: undefined }, 'client_id'],
    ['an invalid client id', { client_id: 'a b' }, 'client_id'],
    ['no redirect URI', { redirect_uri: undefined }, 'redirect_uri'],
    ['a relative redirect URI', { redirect_uri: '/callback' }, 'redirect_uri'],
    ['a way back that is a script', { redirect_uri: 'javascript://a/%0aalert(1)' }, 'redirect_uri'],
    ['a way back with a fragment', { redirect_uri: `${callback}#here` }, 'redirect_uri'],
    ['a way back with a line break', { redirect_uri: `${callback}\r\nset-cookie: a=b` }, 'redirect_uri'],
    ['a redirect URI with an invalid port', { redirect_uri: 'http://localhost:99999/' }, 'redirect_uri'],
    ['an unsupported response type', { response_type: 'token' }, 'response_type'],
    ['no response type', { response_type: undefined }, 'response_type'],
  ])('400 and no redirect for %s, from the page and from its form', async (_, over, field) => {
    for (const form of [undefined, { handle: 'ann', decision: 'authorize' }]) {
      const reply = await sandbox.send(ask(over), { redirect: 'manual', ...(form && { form }) });
      expect([reply.status, reply.headers.get('location')]).toEqual([400, null]);
      expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
      expect(reply.text).toContain(`<p role="alert">${field}: `);
    }
  });

  it('400 for a repeated client id', async () => {
    expect((await sandbox.send(`${ask()}&client_id=other`, { redirect: 'manual' })).status).toBe(400);
  });

  it('asks again in a browser that agreed before, or redirects it at once where the platform does so and the app does not force it', async () => {
    const forced: Record<string, Record<string, string>> = {
      mastodon: { force_login: 'true' },
      instagram: { force_reauth: 'true' },
    };
    const agreed = await answerPage(sandbox, ask());
    const cookie = (agreed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const again = (over?: Record<string, string>) =>
      sandbox.send(ask(over), { redirect: 'manual', headers: { cookie } });
    const remembers = platform in forced;
    expect(cookie !== '').toBe(remembers);
    expect((await again()).status).toBe(remembers ? 302 : 200);
    expect((await again(forced[platform])).status).toBe(200);
    if (!remembers) return;
    if (platform === 'instagram') {
      const more = 'instagram_business_basic,instagram_business_manage_comments';
      expect((await again({ scope: more })).status).toBe(200);
    }
    // After a withdrawal the person is asked again.
    await sandbox.control('withdrawals', { platform, account: 'ann' });
    expect((await again()).status).toBe(200);
  });

  it('is not counted as a call, and has no faults', async () => {
    await sandbox.control('faults', { platform, step: 'token', fault: '5xx-before-commit' });
    await answerPage(sandbox, ask());
    expect((await sandbox.control('requests')).json.requests).toEqual({});
    expect((await sandbox.control('faults')).json.faults).toHaveLength(1);
  });
});

describe('the consent page escapes', () => {
  const markup = `<script>alert('1')</script>"&`;

  it('the name and the redirect URI of an app', async () => {
    const redirectUri = 'http://localhost:3000/?<script>"';
    const form = { client_name: markup, redirect_uris: redirectUri };
    const { client_id: clientId } = (await sandbox.send('/mastodon/api/v1/apps', { form })).json;
    const parameters = { client_id: clientId, redirect_uri: redirectUri, response_type: 'code' };
    const page = await sandbox.send(question('/mastodon/oauth/authorize', parameters));
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;');
    expect(page.text).toContain('http://localhost:3000/?&lt;script&gt;&quot;');
    expect(page.text).not.toContain('<script');
  });

  it('the client id', async () => {
    const clientId = markup.replaceAll(' ', '');
    const parameters = {
      client_id: clientId,
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid',
    };
    const page = await sandbox.send(question('/linkedin/oauth/v2/authorization', parameters));
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('<script');
  });
});
