import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import {
  describeWithChromium,
  openChromium,
  type Chromium,
  type Page,
} from '../../../test/support/chromium.ts';

// What only a real browser decides: which cookies go along from one site to another, what a page's policies allow, and
// that a person can do it. SoloSpark is at 127.0.0.1 and the platform at localhost: to a browser two sites.

describeWithChromium('connecting an account in Chromium', () => {
  let app: TestApp;
  let chromium: Chromium;
  const troubles: string[] = [];
  beforeEach(async () => {
    app = await startTestApp();
    app.ctx.settings.sandboxUrl = app.sandboxUrl.replace('127.0.0.1', 'localhost');
    chromium = await openChromium();
    troubles.length = 0;
  });
  afterEach(async () => {
    await chromium.close();
    await app.close();
  });

  const open = async (url: string): Promise<Page> => {
    const page = await chromium.browser.newPage();
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    await page.goto(url);
    return page;
  };
  const start = async (platform: string) =>
    (await app.request('POST', '/connections', { platform, sandbox: true })).body as {
      id: string;
      url: string;
    };
  const statusOf = async (id: string) =>
    (await app.request('GET', `/connections/${id}`)).body.status as string;

  it.each(['x', 'linkedin', 'instagram', 'mastodon'])(
    '%s: a person connects an account by clicking through both pages',
    async (platform) => {
      const { id, url } = await start(platform);
      const page = await open(url);
      await page.getByRole('button', { name: /^Go on to/ }).click();
      await page.waitForURL(/^http:\/\/localhost/);
      await page.locator('input[name=handle]').fill('grace');
      await page.getByRole('button').first().click();
      await page.waitForURL(`${app.url}/connections/callback/${platform}/sandbox?**`);
      const text = await page.locator('body').innerText();
      expect(text).toContain('grace');
      expect(text).toContain('organization Demo');
      expect(await statusOf(id)).toBe('connected');
      expect(troubles).toEqual([]);
    },
  );

  it('a connection begun in another browser cannot be finished in this one', async () => {
    const { id, url } = await start('x');
    const page = await open(url);
    await page.getByRole('button', { name: /^Go on to/ }).click();
    await page.waitForURL(/^http:\/\/localhost/);
    const other = await openChromium();
    try {
      const stolen = await other.browser.newPage();
      await stolen.goto(page.url());
      await stolen.locator('input[name=handle]').fill('grace');
      await stolen.getByRole('button').first().click();
      await stolen.waitForURL(`${app.url}/connections/callback/x/sandbox?**`);
      expect(await stolen.locator('body').innerText()).not.toContain('is connected');
    } finally {
      await other.close();
    }
    expect(await statusOf(id)).toBe('waiting');
  });

  it('a page of another site cannot send our form, with any state', async () => {
    const { id, url } = await start('x');
    const page = await open(url);
    const state = new URL(url).searchParams.get('state') ?? '';
    const token = await page.locator('input[name=formToken]').inputValue();
    const other = await chromium.browser.newPage();
    await other.setContent(
      `<form method="post" action="${app.url}/connections/start"><input name="state" value="${state}">
       <input name="formToken" value="${token}"><button>Win a prize</button></form>`,
    );
    await other.getByRole('button').click();
    await other.waitForURL(`${app.url}/connections/start`);
    expect(await other.locator('body').innerText()).toContain('Another site sent you here');
    expect(await statusOf(id)).toBe('waiting');
  });

  it('our pages cannot be shown in a frame', async () => {
    const { url } = await start('x');
    const page = await chromium.browser.newPage();
    await page.setContent(`<iframe src="${url}"></iframe>`);
    const frame = page.frames().at(-1);
    expect(await frame?.locator('button').count()).toBe(0);
  });
});
