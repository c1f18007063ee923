import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithChromium, openChromium, type Chromium } from '../../../test/support/chromium.ts';

// The page at /docs, used with only the API key that `npm start` prints.

describeWithChromium('the page at /docs in Chromium', () => {
  let app: TestApp;
  let chromium: Chromium;
  beforeAll(async () => {
    app = await startTestApp();
    chromium = await openChromium();
  });
  afterAll(async () => {
    await chromium.close();
    await app.close();
  });

  it('shows our name and the first steps, and calls a route with the printed key', async () => {
    const troubles: string[] = [];
    const page = await chromium.browser.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
    });
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(app.url) && !request.url().startsWith('data:'))
        troubles.push(request.url());
    });
    await page.goto(`${app.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    expect(await page.title()).toBe('SoloSpark API');
    expect(await page.locator('.info .title').innerText()).toContain('SoloSpark');
    expect(await page.locator('.info').innerText()).toContain('paste the API key');
    expect(await page.locator('.topbar').innerText()).not.toMatch(/swagger|explore/i);

    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.modal-ux input').fill(app.apiKey);
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
    await page.locator('.modal-ux .btn-done').click();

    const tried = page.locator('#operations-Posts-createPost');
    await tried.locator('.opblock-summary-control').click();
    await tried.getByRole('button', { name: 'Execute' }).click();
    await tried.locator('.live-responses-table .response-col_status').first().waitFor();
    expect(await tried.locator('.live-responses-table').innerText()).toContain('201');
    const posts = (await app.request('GET', '/posts')).body.data as { text: string }[];
    expect(posts.map(({ text }) => text)).toEqual(['Hello from SoloSpark']);

    const list = page.locator('#operations-Posts-listPosts');
    await list.locator('.opblock-summary-control').click();
    await list.getByRole('button', { name: 'Execute' }).click();
    await list.locator('.live-responses-table .response-col_status').first().waitFor();
    expect(await list.locator('.live-responses-table').innerText()).toContain('Hello from SoloSpark');
    expect(troubles).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fits a window of %d pixels, %s', async (width, colorScheme) => {
    const page = await chromium.browser.newPage();
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(`${app.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    await page.locator('#operations-Posts-createPost .opblock-summary-control').click();
    await page.locator('#operations-Posts-createPost .opblock-body').waitFor();
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    const folder = process.env['PHOTOGRAPHS'];
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: `${folder}/docs-${width}-${colorScheme}.png`, fullPage: width > 1000 });
  });
});
