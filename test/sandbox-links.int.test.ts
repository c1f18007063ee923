import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { demoImage, eventually, startTestApp, type TestApp } from './support/app.ts';
import { describeWithChromium, openChromium } from './support/chromium.ts';

// The links of published posts whose account is one of the sandbox.

const platforms = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];
const text =
  'Hello from <b>everywhere</b> & back, https://example.com/a-rather-long-path/that-has/to-wrap #tag';

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.close());

/** Publishes one post on all platforms, and returns its links by platform. */
async function publish(): Promise<Record<string, string>> {
  await app.startWorker();
  const image = await app.upload('a.jpg', await demoImage(), { altText: 'A hill' });
  const post = await app.request('POST', '/posts', { text, platforms, mediaIds: [image.body.id] });
  expect((await app.request('POST', `/posts/${post.body.id}/publish`)).status).toBe(202);
  const read = async () => (await app.request('GET', `/posts/${post.body.id}`)).body;
  const done = await eventually(read, ({ status }) => status === 'published', 'it is published');
  const deliveries = done.deliveries as { platform: string; remoteUrl: string }[];
  return Object.fromEntries(deliveries.map(({ platform, remoteUrl }) => [platform, remoteUrl]));
}

describe('the links of a post on the sandbox', () => {
  it('lead to pages of the sandbox that show the post, on all five platforms', async () => {
    const links = await publish();
    expect(Object.keys(links).sort()).toEqual([...platforms].sort());
    for (const [platform, link] of Object.entries(links)) {
      expect(link.startsWith(`${app.sandboxUrl}/${platform}/`)).toBe(true);
      const page = await fetch(link);
      const html = await page.text();
      expect([platform, page.status]).toEqual([platform, 200]);
      expect(html).toContain('Hello from &lt;b&gt;everywhere&lt;/b&gt; &amp; back');
      expect(html).toContain('<img');
    }
  });
});

describeWithChromium('the page of a sandboxed post in Chromium', () => {
  it('shows the post on phone and desktop widths, light and dark, without horizontal overflow', async () => {
    const links = await publish();
    const chromium = await openChromium();
    try {
      const page = await chromium.browser.newPage();
      const troubles: string[] = [];
      page.on('console', (message) => troubles.push(message.text()));
      for (const [platform, link] of Object.entries(links)) {
        for (const [width, colorScheme] of [
          [360, 'light'],
          [360, 'dark'],
          [1280, 'light'],
          [1280, 'dark'],
        ] as const) {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme });
          await page.goto(link);
          expect(await page.locator('article .text').innerText()).toContain(
            'Hello from <b>everywhere</b> & back',
          );
          // As a string, because the types of the browser's globals are not available here.
          const shown = await page.evaluate(`({
            overflows: document.documentElement.scrollWidth > innerWidth,
            ground: getComputedStyle(document.body).backgroundColor,
            pictures: [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
          })`);
          expect([platform, shown]).toEqual([
            platform,
            {
              overflows: false,
              ground: colorScheme === 'dark' ? 'rgb(16, 18, 20)' : 'rgb(244, 245, 247)',
              pictures: true,
            },
          ]);
          const folder = process.env['TEST_SCREENSHOTS'];
          if (folder) await page.screenshot({ path: `${folder}/${platform}-${width}-${colorScheme}.png` });
        }
      }
      expect(troubles).toEqual([]);
    } finally {
      await chromium.close();
    }
  });
});
