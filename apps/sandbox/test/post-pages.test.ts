import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  blueskyPost,
  jpeg,
  linkedinPost,
  putRecord,
  restHeaders,
  startSandbox,
  startWeb,
  type Sandbox,
} from './harness.ts';

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

const account = 'ann';
const text = 'A <b>bold</b> claim & more';
const escaped = 'A &lt;b&gt;bold&lt;/b&gt; claim &amp; more';

/** One post on each platform, of each kind with its own form of permalink. */
const publish: Record<string, () => Promise<unknown>> = {
  x: () => sandbox.send('/x/2/tweets', { account, json: { text } }),
  linkedin: async () => {
    const json = linkedinPost(await sandbox.idOf('linkedin', account), 'A \\<b\\>bold\\</b\\> claim & more');
    return sandbox.send('/linkedin/rest/posts', { account, json, headers: restHeaders });
  },
  bluesky: async () => {
    const json = putRecord(await sandbox.idOf('bluesky', account), blueskyPost(text));
    return sandbox.send('/bluesky/xrpc/com.atproto.repo.putRecord', { account, json });
  },
  mastodon: () => sandbox.send('/mastodon/api/v1/statuses', { account, json: { status: text } }),
  instagram: async () => {
    const json = { image_url: `${web.url}/photo.jpg`, caption: text };
    const { id } = (await sandbox.send('/instagram/me/media', { account, json })).json;
    let status = '';
    while (status !== 'FINISHED') {
      const asked = await sandbox.send(`/instagram/${id}?fields=status_code`, { account });
      status = asked.json.status_code;
    }
    return sandbox.send('/instagram/me/media_publish', { account, json: { creation_id: id } });
  },
};

describe('the page of a post', () => {
  it.each(Object.keys(publish))(
    '%s: is at its permalink in the sandbox, in plain HTML, and is a 404 after a delete',
    async (platform) => {
      await publish[platform]?.();
      const [post] = await sandbox.publicPosts(platform, account);
      expect(post.url.startsWith(`${sandbox.url}/${platform}/`)).toBe(true);
      for (const url of [post.url, post.url.replace(/\/?$/, '/'), post.viewUrl]) {
        const page = await sandbox.send(url);
        expect([url, page.status, page.headers.get('content-type')]).toEqual([
          url,
          200,
          'text/html; charset=utf-8',
        ]);
        expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(page.text).toContain(escaped);
        expect(page.text).not.toMatch(/<script|<b>bold|(?:src|href)="(?:https?:)?\/\//);
      }
      await sandbox.control('reset', {});
      const gone = await sandbox.send(post.url);
      expect([gone.status, gone.text]).toEqual([404, expect.stringContaining('This post is not here')]);
    },
  );

  it('shows the images of a post with their alternative texts', async () => {
    const form = new FormData();
    form.set('file', new Blob([jpeg]), 'photo.jpg');
    form.set('description', 'A "cat"');
    const { id } = (await sandbox.send('/mastodon/api/v2/media', { account, body: form })).json;
    const json = { status: 'Look', media_ids: [id] };
    const { url } = (await sandbox.send('/mastodon/api/v1/statuses', { account, json })).json;
    const page = (await sandbox.send(url)).text;
    const source = /<img alt="A &quot;cat&quot;" src="([^"]+)">/.exec(page)?.[1] ?? '';
    expect((await sandbox.send(source)).headers.get('content-type')).toBe('image/jpeg');
  });

  it.each([
    '/_sandbox/view/nowhere/1',
    '/x/ann/status/1',
    '/instagram/p/abc/',
    '/bluesky/profile/ann.test/post/a',
  ])('404 for %s', async (path) => {
    expect((await sandbox.send(path)).status).toBe(404);
  });

  it('on Bluesky is also at the permalink with the account’s handle', async () => {
    await publish['bluesky']?.();
    const [{ url, id }] = await sandbox.publicPosts('bluesky', account);
    const did = id.split('/')[2];
    expect((await sandbox.send(url.replace(did, 'ann.test'))).text).toContain(escaped);
  });
});
