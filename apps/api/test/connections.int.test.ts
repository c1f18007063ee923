import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { openBrowser, type Browser } from '../../../test/support/browser.ts';

// Connecting an account with OAuth, as the author's browser does it, against the sandbox's consent pages.

let app: TestApp;
let browser: Browser;
beforeEach(async () => {
  app = await startTestApp();
  browser = openBrowser();
});
afterEach(() => app.close());

const consentPlatforms = ['x', 'linkedin', 'instagram', 'mastodon'];
const start = async (platform: string) => {
  const answer = await app.request('POST', '/connections', { platform, sandbox: true });
  expect(answer.status).toBe(201);
  return answer.body as { id: string; url: string; expiresAt: string };
};
const progress = async ({ id }: { id: string }) => (await app.request('GET', `/connections/${id}`)).body;
const channels = async () =>
  (await app.request('GET', '/channels')).body.data as { id: string; platform: string; handle: string }[];
const problem = (answer: { status: number; body: { code: string; errors: { pointer: string }[] } }) =>
  `${answer.status} ${answer.body.code} ${answer.body.errors[0]?.pointer ?? ''}`.trim();

/** Agrees on both pages, and returns the link that leads back to SoloSpark. */
const agree = async (url: string, as: Browser, handle: string) => {
  const page = await as.open(url);
  expect(page.status).toBe(200);
  const consent = await as.submit(page, {});
  expect(consent.status).toBe(200);
  return as.submit(consent, { handle });
};

const without = (headers: object, ...names: string[]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))) as Record<
    string,
    string
  >;

/** A proxy in front of the sandbox that records the answers of its token endpoint. */
async function recordTokens(target: string, recorded: Record<string, unknown>[]) {
  const server = createHttpServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = without(request.headers, 'host', 'connection', 'content-length');
      const answer = await fetch(target + (request.url ?? ''), {
        method: request.method ?? 'GET',
        headers,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
        redirect: 'manual',
      });
      const text = await answer.text();
      if (request.url?.endsWith('/accessToken')) recorded.push(JSON.parse(text) as Record<string, unknown>);
      const told = without(Object.fromEntries(answer.headers), 'content-length', 'transfer-encoding');
      response.writeHead(answer.status, told).end(text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe('connecting an account on a page of its platform', () => {
  it.each(consentPlatforms)('%s: the author agrees, and the channel is created', async (platform) => {
    const connection = await start(platform);
    expect(await progress(connection)).toMatchObject({ status: 'waiting', channelId: null });
    const page = await browser.open(connection.url);
    expect(page.text).toContain('Demo');
    const done = await agree(connection.url, browser, 'grace');
    expect(done.status).toBe(200);
    expect(done.text).toContain('is connected');
    const made = (await channels()).find(
      (channel) => channel.platform === platform && channel.handle === 'grace',
    );
    expect(await progress(connection)).toMatchObject({
      status: 'connected',
      channelId: made?.id,
      reason: null,
    });
  });

  it.each(consentPlatforms)('%s: the tokens that it gave publish a post', async (platform) => {
    const connection = await start(platform);
    await agree(connection.url, browser, 'grace');
    const { channelId } = await progress(connection);
    await app.startWorker();
    // Instagram takes no post without a file.
    const mediaIds = platform === 'instagram' ? [(await app.upload('a.jpg', await demoImage())).body.id] : [];
    const post = await app.request('POST', '/posts', {
      text: `From ${platform}`,
      channelIds: [channelId],
      mediaIds,
    });
    expect((await app.request('POST', `/posts/${post.body.id}/publish`)).status).toBe(202);
    await eventually(
      async () => (await app.request('GET', `/posts/${post.body.id}`)).body.status,
      (status) => status === 'published',
      'it is published',
    );
    const posts = (await app.publicPosts(platform)).filter(({ account }) => account === 'grace');
    expect(posts).toHaveLength(1);
  });

  it('LinkedIn: the additional fields of a real answer (ID token, token type, scopes with commas) do no harm', async () => {
    const recorded: Record<string, unknown>[] = [];
    const sandbox = await recordTokens(app.sandboxUrl, recorded);
    app.ctx.settings.sandboxUrl = sandbox.url;
    try {
      const connection = await start('linkedin');
      expect((await agree(connection.url, browser, 'grace')).text).toContain('is connected');
      expect(recorded).toMatchObject([
        {
          token_type: 'Bearer',
          id_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          scope: 'email,openid,profile,w_member_social',
        },
      ]);
      expect(await progress(connection)).toMatchObject({ status: 'connected' });
    } finally {
      await sandbox.close();
    }
  });

  it('connecting the account again gives its channel new credentials, also while it is active', async () => {
    const credentials = async () =>
      (
        await app.ctx.db.query<{ sealed: string }>(
          `SELECT sealed_credentials AS sealed FROM channel WHERE handle = 'grace'`,
        )
      ).map(({ sealed }) => sealed);
    await agree((await start('linkedin')).url, browser, 'grace');
    const first = await credentials();
    const again = await start('linkedin');
    await agree(again.url, browser, 'grace');
    expect(await progress(again)).toMatchObject({ status: 'connected' });
    expect(first).toHaveLength(1);
    expect(await credentials()).toHaveLength(1);
    expect(await credentials()).not.toEqual(first);
  });

  it('an author who cancels is told that nothing changed', async () => {
    const connection = await start('x');
    const consent = await browser.submit(await browser.open(connection.url), {});
    const back = await browser.submit(consent, { cancel: true });
    expect(back.status).toBe(422);
    expect(back.text).toMatch(/was not connected/);
    expect(await progress(connection)).toMatchObject({ status: 'failed', channelId: null });
    expect(await channels()).toHaveLength(app.ctx.platforms.length);
  });
});

describe('a connection that was begun in another browser', () => {
  it('404 in another browser, and the browser that began can still finish', async () => {
    const connection = await start('x');
    const consent = await browser.submit(await browser.open(connection.url), {});
    const back = await browser.submit(consent, { handle: 'grace' }, { follow: false });
    const callback = back.headers.get('location') ?? '';
    const stranger = await openBrowser().open(callback);
    expect(stranger.status).toBe(404);
    expect(stranger.text).toMatch(/not known, was used already, or is too old/);
    expect((await browser.open(callback)).status).toBe(200);
  });

  it('404 for a used, an altered and an expired state', async () => {
    const connection = await start('x');
    const consent = await browser.submit(await browser.open(connection.url), {});
    const back = await browser.submit(consent, { handle: 'grace' }, { follow: false });
    const callback = back.headers.get('location') ?? '';
    const altered = new URL(callback);
    altered.searchParams.set('state', 'a'.repeat(43));
    expect((await browser.open(altered.href)).status).toBe(404);
    expect((await browser.open(callback)).status).toBe(200);
    expect((await browser.open(callback)).status).toBe(404);
    expect((await browser.open(connection.url)).status).toBe(404);

    const old = await start('x');
    await app.ctx.db.query(`UPDATE connection SET expires_at = now() WHERE id = $1`, [old.id]);
    expect((await browser.open(old.url)).status).toBe(404);
    expect(await progress(old)).toMatchObject({ status: 'failed' });
  });

  it('400 without a state, as an HTML page', async () => {
    const answer = await browser.open(`${app.url}/connections/start`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('text/html');
  });

  it('stores neither the state nor the PKCE verifier in plain text', async () => {
    const { url } = await start('x');
    const state = new URL(url).searchParams.get('state') ?? '';
    const rows = await app.ctx.db.query(`SELECT * FROM connection`);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(state);
    expect(JSON.stringify(rows)).toMatch(/"v1\.test\./);
  });
});

describe('the request for a connection', () => {
  const ask = (body: object) => app.request('POST', '/connections', body);
  it('422 names the field and the rule', async () => {
    expect(problem(await ask({ platform: 'nowhere' }))).toBe('422 invalid_connection /platform');
    expect(problem(await ask({ platform: 'bluesky' }))).toBe('422 invalid_connection /platform');
    for (const server of [
      'two words',
      'https://a.example/path',
      'http://a.example',
      'ftp://a',
      'https://u:p@a.example',
    ]) {
      expect(problem(await ask({ platform: 'mastodon', server }))).toBe('422 invalid_connection /server');
    }
    expect(problem(await ask({ platform: 'x', server: 'a.example' }))).toBe('422 invalid_connection /server');
  });

  it('422 for a server at a non-public address, without a call to it', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '::', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
        const answer = await ask({ platform: 'mastodon', server: `https://${host}:${port}` });
        expect(problem(answer)).toBe('422 invalid_connection /server');
      }
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });

  it('503 for a platform without an OAuth client; the sandbox needs none', async () => {
    const answer = await ask({ platform: 'x' });
    expect(problem(answer)).toBe('503 platform_not_configured');
    expect(answer.body.detail).toMatch(/X_CLIENT_ID and X_CLIENT_SECRET/);
    const { data } = (await app.request('GET', '/platforms')).body;
    const facts = Object.fromEntries(
      data.map(({ id, available, sandbox, connection }: Record<string, unknown>) => [
        id,
        `${String(connection)} ${String(available)} ${String(sandbox)}`,
      ]),
    );
    expect(facts).toEqual({
      x: 'consent false true',
      linkedin: 'consent false true',
      instagram: 'consent false true',
      mastodon: 'consent true true',
      bluesky: 'password true true',
    });
  });

  it('200 lists a redirect URI for each platform that needs one, each different', async () => {
    const { data } = (await app.request('GET', '/platforms')).body;
    const addresses = Object.fromEntries(
      data.map(({ id, redirectUri }: { id: string; redirectUri: string | null }) => [id, redirectUri]),
    );
    const callback = `${app.url}/connections/callback`;
    expect(addresses).toEqual({
      x: `${callback}/x`,
      linkedin: `${callback}/linkedin`,
      instagram: `${callback}/instagram`,
      mastodon: null,
      bluesky: null,
    });
  });

  it('200 lists the API version for platforms whose calls name one', async () => {
    const read = async () => {
      const { data } = (await app.request('GET', '/platforms')).body;
      return Object.fromEntries(
        data.map(({ id, apiVersion }: { id: string; apiVersion: unknown }) => [id, apiVersion]),
      );
    };
    app.ctx.settings.apiVersions = { linkedin: '209012' };
    expect(await read()).toEqual({
      x: null,
      linkedin: { version: '209012', endsAt: '2091-12-01T00:00:00.000Z', endsSoon: false },
      instagram: null,
      mastodon: null,
      bluesky: null,
    });
    app.ctx.settings.apiVersions = { linkedin: '202001' };
    expect((await read())['linkedin']).toMatchObject({ version: '202001', endsSoon: true });
  });

  it('a post is sent with the configured API version, and its failure names the version when the platform no longer takes it', async () => {
    await agree((await start('linkedin')).url, browser, 'grace');
    const channel = (await channels()).find(({ handle }) => handle === 'grace');
    app.ctx.settings.apiVersions = { linkedin: '202001' };
    await app.startWorker();
    const post = await app.request('POST', '/posts', { text: 'Old', channelIds: [channel?.id] });
    expect((await app.request('POST', `/posts/${post.body.id}/publish`)).status).toBe(202);
    const ended = await eventually(
      async () => (await app.request('GET', `/posts/${post.body.id}`)).body,
      ({ status }) => status === 'failed',
      'it has failed',
    );
    expect(ended.deliveries[0].failure).toMatchObject({ kind: 'misconfigured', actor: 'operator' });
  });

  it('registers an OAuth client at a server once, and keeps its secret sealed', async () => {
    await start('mastodon');
    await start('mastodon');
    const rows = await app.ctx.db.query<{ secret: string }>(
      `SELECT sealed_secret AS secret FROM platform_app`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.secret).toMatch(/^v1\.test\./);
  });
});

describe('signing in with an app password', () => {
  const signIn = (change: object) =>
    app.request('POST', '/connections/sign-in', {
      platform: 'bluesky',
      identifier: 'ada.test',
      password: 'sandbox-ada',
      sandbox: true,
      ...change,
    });
  it('201 answers the channel, and does not store the password', async () => {
    const answer = await signIn({});
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      platform: 'bluesky',
      handle: 'ada.test',
      status: 'active',
      server: null,
    });
    const dump = JSON.stringify(await app.ctx.db.query('SELECT * FROM channel'));
    expect(dump).not.toContain('sandbox-ada');
  });
  it('422 for a wrong password, and for a platform without app passwords', async () => {
    const wrong = await signIn({ password: 'nobody' });
    expect(problem(wrong)).toBe('422 platform_refused');
    expect(wrong.body.detail).toMatch(/app password/);
    expect(JSON.stringify(wrong.body)).not.toContain('nobody');
    expect(problem(await signIn({ platform: 'x' }))).toBe('422 invalid_connection /platform');
  });
});
