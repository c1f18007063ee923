import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { openBrowser, type Browser, type Page } from '../../../test/support/browser.ts';

// CSRF protection of the consent pages: no other site can lead an author past the page that names the organization.

let app: TestApp;
let browser: Browser;
beforeEach(async () => {
  app = await startTestApp();
  browser = openBrowser();
});
afterEach(() => app.close());

const start = async (platform = 'x') => {
  const answer = await app.request('POST', '/connections', { platform, sandbox: true });
  expect(answer.status).toBe(201);
  const { id, url } = answer.body as { id: string; url: string };
  return { id, url, state: new URL(url).searchParams.get('state') ?? '' };
};
const progress = async ({ id }: { id: string }) => (await app.request('GET', `/connections/${id}`)).body;
const tokenOn = (page: Page) => /name="formToken" value="([^"]*)"/.exec(page.text)?.[1] ?? '';

/** A page of another site that submits our form automatically. */
const foreignPage = (fields: Record<string, string>, origin = 'https://evil.example'): Page => ({
  status: 200,
  url: `${origin}/`,
  headers: new Headers(),
  text: `<form method="post" action="${app.url}/connections/start">${Object.entries(fields)
    .map(([name, value]) => `<input name="${name}" value="${value}">`)
    .join('')}</form>`,
});
const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/connections/start`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });

describe('a form that another site sends to /connections/start', () => {
  it('does not skip the page that names the organization, also where the platform would not ask again', async () => {
    // This person has authorized SoloSpark at this Mastodon server before, so it would redirect them without asking.
    const own = await start('mastodon');
    const consent = await browser.submit(await browser.open(own.url), {});
    await browser.submit(consent, { handle: 'victim' });
    expect(await progress(own)).toMatchObject({ status: 'connected' });

    const attackers = await start('mastodon');
    const end = await browser.submit(foreignPage({ state: attackers.state }), {});
    expect(end.status).toBe(403);
    expect(end.text).toMatch(/Another site sent you here/);
    expect(await progress(attackers)).toMatchObject({ status: 'waiting', channelId: null });
    // Also not with a form token that the attacker got in their own browser.
    const shown = await openBrowser().open(attackers.url);
    const again = await browser.submit(
      foreignPage({ state: attackers.state, formToken: tokenOn(shown) }),
      {},
    );
    expect(again.status).toBe(403);
    expect(await progress(attackers)).toMatchObject({ status: 'waiting', channelId: null });
  });

  it.each<[string, Record<string, string>]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['a hidden origin', { origin: 'null' }],
    ['our host with another port', { origin: 'http://127.0.0.1:1' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour of the same site', { 'sec-fetch-site': 'same-site' }],
  ])('is refused with 403 from %s, also with a valid token and cookie', async (_, headers) => {
    const { url, state } = await start();
    const page = await fetch(url);
    const formToken = tokenOn({ text: await page.text() } as Page);
    const cookie = (page.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const refused = await post({ state, formToken }, { cookie, ...headers });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('set-cookie')).toBeNull();
    // The refused form did not use up the token: our own page's form still works.
    expect((await post({ state, formToken }, { cookie, origin: app.url })).status).toBe(303);
  });

  it('is refused with 403 without a token, with another page’s token, from another browser, and the second time', async () => {
    const { url, state } = await start();
    const other = await start();
    const page = await fetch(url);
    const formToken = tokenOn({ text: await page.text() } as Page);
    const cookie = (page.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const othersToken = tokenOn({ text: await (await fetch(other.url)).text() } as Page);
    expect((await post({ state }, { cookie })).status).toBe(403);
    expect((await post({ state, formToken: othersToken }, { cookie })).status).toBe(403);
    expect((await post({ state, formToken })).status).toBe(403);
    expect((await post({ state, formToken }, { cookie: `${cookie.split('=')[0]}=mine` })).status).toBe(403);
    const both = await Promise.all([1, 2].map(() => post({ state, formToken }, { cookie })));
    expect(both.map(({ status }) => status).sort()).toEqual([303, 403]);
  });
});

describe('the pages', () => {
  const headersOf = (page: Page) => {
    const policy = page.headers.get('content-security-policy') ?? '';
    return {
      cache: page.headers.get('cache-control'),
      frames: [policy.includes("frame-ancestors 'none'"), page.headers.get('x-frame-options')],
      loads: policy.includes("default-src 'none'") && policy.includes("base-uri 'none'"),
      sniff: page.headers.get('x-content-type-options'),
    };
  };
  const strict = { cache: 'no-store', frames: [true, 'DENY'], loads: true, sniff: 'nosniff' };

  it('forbid framing and caching, and do not leak the state in a Referer', async () => {
    const { url } = await start();
    const page = await browser.open(url);
    expect(headersOf(page)).toEqual(strict);
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
    const left = await browser.submit(page, {}, { follow: false });
    expect(left.headers.get('cache-control')).toBe('no-store');
    expect(left.headers.get('referrer-policy')).toBe('no-referrer');
    const consent = await browser.open(left.headers.get('location') ?? '');
    const back = await browser.submit(consent, { handle: 'grace' }, { follow: false });
    const done = await browser.open(back.headers.get('location') ?? '');
    expect(headersOf(done)).toEqual(strict);
    expect(done.headers.get('referrer-policy')).toBe('no-referrer');
    const refused = await browser.open(back.headers.get('location') ?? '');
    expect(refused.status).toBe(404);
    expect(headersOf(refused)).toEqual(strict);
  });

  it('name at the end the organization that got the account, with its name escaped', async () => {
    const name = `<b>Evil & "Sons"</b>`;
    await app.ctx.db.query(`UPDATE organization SET name = $1 WHERE id = $2`, [name, app.organizationId]);
    const { url } = await start();
    const page = await browser.open(url);
    const done = await browser.submit(await browser.submit(page, {}), { handle: 'grace' });
    for (const shown of [page, done]) {
      expect(shown.text).toContain(
        'organization <strong>&lt;b&gt;Evil &amp; &quot;Sons&quot;&lt;/b&gt;</strong>',
      );
    }
  });

  it('set a fresh browser key on each page, in a __Host- cookie over TLS, so that nobody can plant one', async () => {
    const { url } = await start();
    const first = (await fetch(url)).headers.getSetCookie()[0] ?? '';
    const second = (await fetch(url)).headers.getSetCookie()[0] ?? '';
    expect(first).toMatch(
      /^solospark_connection_[\w-]{16}=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(second.split('=')[1]).not.toBe(first.split('=')[1]);
    // A key that another site planted is replaced when the author goes on.
    const page = await browser.open(url);
    const left = await browser.submit(page, {}, { follow: false });
    expect(left.headers.getSetCookie()).toHaveLength(1);
    app.ctx.settings.publicUrl = app.url.replace('http:', 'https:');
    const overTls = (await fetch(url)).headers.getSetCookie()[0] ?? '';
    expect(overTls).toMatch(
      /^__Host-solospark_connection_[\w-]{16}=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('let two connections at once in one browser both finish', async () => {
    const [one, two] = [await start('x'), await start('linkedin')];
    const first = await browser.submit(await browser.open(one.url), {});
    const second = await browser.submit(await browser.open(two.url), {});
    expect((await browser.submit(first, { handle: 'grace' })).status).toBe(200);
    expect((await browser.submit(second, { handle: 'grace' })).status).toBe(200);
  });

  it('do not answer HEAD, so that a link preview neither opens a form nor uses up an answer', async () => {
    const { url } = await start();
    const page = await browser.open(url);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(404);
    expect((await browser.submit(page, {})).status).toBe(200);
  });
});

describe('the platform is told to ask, also a person who agreed before', () => {
  it.each(['mastodon', 'instagram'])('%s', async (platform) => {
    for (const handle of ['grace', 'ada']) {
      const { url } = await start(platform);
      const consent = await browser.submit(await browser.open(url), {});
      expect(consent.text).toContain('name="decision"');
      expect((await browser.submit(consent, { handle })).status).toBe(200);
    }
  });
});
