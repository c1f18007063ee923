import assert from 'node:assert/strict';
import { openBrowser } from '../support/browser.ts';

export const callback = 'http://127.0.0.1:9/callback';

/** Opens the consent page as a person does, agrees, and returns the address that the browser is sent back to. */
export async function agree(url: string, handle: string): Promise<URL> {
  const browser = openBrowser();
  const page = await browser.open(url);
  assert.equal(page.status, 200, `the page says: ${page.text}`);
  const answer = await browser.submit(page, { handle }, { follow: false });
  const back = new URL(answer.headers.get('location') ?? '', url);
  assert.ok(back.searchParams.get('code'), `no code: ${back.href}`);
  return back;
}
