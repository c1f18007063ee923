import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { openBrowser, type Browser, type Page } from '../../../test/support/browser.ts';

// The whole mix-up attack (RFC 9700, section 4.4): an attacker's own Mastodon server, X as the sandbox plays it, and
// the victim's browser. The attacker begins two connections for an organization of theirs: one at X, in their own browser,
// and one at their server, whose link the victim follows.

interface Served {
  path: string;
  query: URLSearchParams;
  form: URLSearchParams;
}

/** A server on loopback with only the part of Mastodon's API that `answer` implements. */
async function startServer(answer: (request: Served, response: ServerResponse) => void) {
  const asked: Served[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const served = { path: pathname, query: searchParams, form: new URLSearchParams(body) };
      asked.push(served);
      answer(served, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

let app: TestApp;
const closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  app = await startTestApp();
  app.ctx.settings.allowPrivateServers = true;
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await app.close();
});

const start = async (body: object) => {
  const answer = await app.request('POST', '/connections', body);
  expect(answer.status).toBe(201);
  return answer.body as { id: string; url: string };
};
const progress = async ({ id }: { id: string }) => (await app.request('GET', `/connections/${id}`)).body;
const handles = async () =>
  (await app.request('GET', '/channels')).body.data.map(({ handle }: { handle: string }) => handle);

describe('a hostile server that redirects its visitor to the page of X', () => {
  /** The attacker's server: it registers any app, and redirects each visitor of its consent page to `lure`. */
  const startHostileServer = async (lure: (asked: URLSearchParams) => string) => {
    const server = await startServer(({ path, query }, response) => {
      if (path === '/api/v1/apps') {
        return sendJson(response, 200, { client_id: 'their-app', client_secret: 'their-secret' });
      }
      if (path === '/oauth/authorize') {
        return void response.writeHead(302, { location: lure(query) }).end();
      }
      sendJson(response, 404, { error: 'nothing here' });
    });
    closing.push(server.close);
    return server;
  };

  /** The authorization request at X of the attacker's own connection, with their PKCE challenge, in their browser. */
  const beginAtX = async () => {
    const attacker = openBrowser();
    const connection = await start({ platform: 'x', sandbox: true });
    const left = await attacker.submit(await attacker.open(connection.url), {}, { follow: false });
    return { attacker, connection, question: new URL(left.headers.get('location') ?? '') };
  };

  const playAttack = async (redirectUri: (own: string, ofX: string) => string) => {
    const { attacker, connection: atX, question } = await beginAtX();
    const hostile = await startHostileServer((asked) => {
      const lure = new URL(question);
      lure.searchParams.set('state', asked.get('state') ?? '');
      const ofX = question.searchParams.get('redirect_uri') ?? '';
      lure.searchParams.set('redirect_uri', redirectUri(asked.get('redirect_uri') ?? '', ofX));
      return lure.href;
    });
    const bait = await start({ platform: 'mastodon', server: hostile.url });

    const victim = openBrowser();
    const pageOfX = await victim.submit(await victim.open(bait.url), {});
    expect(pageOfX.text.toLowerCase()).toContain('x sandbox');
    const back = await victim.submit(pageOfX, { handle: 'victim' }, { follow: false });
    const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
    expect(code).not.toBe('');
    const end = await victim.open(back.headers.get('location') ?? '');

    // The attacker sends what their server received, in their own browser, as the answer to their request at X.
    const stolen = hostile.asked
      .filter(({ path }) => path === '/oauth/token')
      .map(({ form }) => form.get('code'));
    const callback = new URL(question.searchParams.get('redirect_uri') ?? '');
    callback.searchParams.set('state', question.searchParams.get('state') ?? '');
    if (stolen[0]) callback.searchParams.set('code', stolen[0]);
    const taken: Page = await attacker.open(callback.href);
    return { bait, atX, end, code, stolen, taken, hostile };
  };

  it('does not receive the code, and the attacker’s organization does not get the victim’s account', async () => {
    const { bait, atX, end, stolen, taken } = await playAttack((_own, ofX) => ofX);
    expect(await handles()).not.toContain('victim');
    expect(stolen).toEqual([]);
    expect(end.status).toBe(403);
    expect(taken.status).not.toBe(200);
    expect(await progress(bait)).toMatchObject({ status: 'failed', channelId: null });
    expect(await progress(atX)).toMatchObject({ channelId: null });
  });

  it('gains nothing with its own redirect URI, even if X sends the code to it', async () => {
    const { atX, taken } = await playAttack((own) => own);
    expect(await handles()).not.toContain('victim');
    expect(taken.status).not.toBe(200);
    expect(await progress(atX)).toMatchObject({ channelId: null });
  });
});

describe('the authorization answer of a server', () => {
  let spoken: Record<string, (request: Served, response: ServerResponse) => void>;
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: Browser;
  beforeEach(async () => {
    browser = openBrowser();
    server = await startServer((request, response) => {
      const speak = spoken[request.path];
      if (speak) speak(request, response);
      else sendJson(response, 404, { error: 'Record not found' });
    });
    closing.push(server.close);
    spoken = {
      '/api/v1/apps': (_, response) =>
        sendJson(response, 200, { client_id: 'their-app', client_secret: 'their-secret' }),
      '/oauth/token': (_, response) =>
        sendJson(response, 200, { access_token: 'a-token', token_type: 'Bearer' }),
      '/api/v1/accounts/verify_credentials': (_, response) =>
        sendJson(response, 200, { id: '1', username: 'ada' }),
    };
  });

  /** Brings the author to the server. `back` makes the link with which it sends them back, with `said` added. */
  const leave = async () => {
    const connection = await start({ platform: 'mastodon', server: server.url });
    const left = await browser.submit(await browser.open(connection.url), {}, { follow: false });
    const question = new URL(left.headers.get('location') ?? '');
    const back = (said: string) =>
      `${question.searchParams.get('redirect_uri')}?state=${question.searchParams.get('state')}&${said}`;
    return { connection, question, back };
  };
  const exchanges = () => server.asked.filter(({ path }) => path === '/oauth/token').length;
  const tellMetadata = (status: number, metadata: object) => {
    spoken['/.well-known/oauth-authorization-server'] = (_, response) => sendJson(response, status, metadata);
  };

  it('is accepted only with the issuer of that server, which must be present where its metadata promises it', async () => {
    const supported = { authorization_response_iss_parameter_supported: true };
    const own = server.url;
    const other = 'https://honest.example';
    const cases: [string, { status: number; metadata: object } | null, string | null, number][] = [
      [
        'its name, as promised',
        { status: 200, metadata: { issuer: `${own}/`, ...supported } },
        `${own}/`,
        200,
      ],
      ['no name, though promised', { status: 200, metadata: { issuer: own, ...supported } }, null, 403],
      ['an empty name, though promised', { status: 200, metadata: { issuer: own, ...supported } }, '', 403],
      ['another name, though promised', { status: 200, metadata: { issuer: own, ...supported } }, other, 403],
      ['nearly its name', { status: 200, metadata: { issuer: own } }, `${own}.evil.example`, 403],
      [
        'the name of whom its metadata claims to be',
        { status: 200, metadata: { issuer: other } },
        other,
        403,
      ],
      ['another name, without metadata', null, other, 403],
      ['its address, without metadata', null, own, 200],
      ['no name, without metadata', null, null, 200],
      ['metadata that is no JSON object', { status: 200, metadata: [] }, null, 200],
      ['metadata that cannot be had just now', { status: 503, metadata: {} }, own, 502],
    ];
    const seen: unknown[] = [];
    for (const [what, told, iss] of cases) {
      delete spoken['/.well-known/oauth-authorization-server'];
      if (told) tellMetadata(told.status, told.metadata);
      const before = exchanges();
      const { connection, back } = await leave();
      const page = await browser.open(
        back(`code=a-code${iss === null ? '' : `&iss=${encodeURIComponent(iss)}`}`),
      );
      const { status } = await progress(connection);
      seen.push([what, page.status, exchanges() - before, status]);
    }
    expect(seen).toEqual(
      cases.map(([what, , , status]) => [
        what,
        status,
        status === 200 ? 1 : 0,
        status === 200 ? 'connected' : 'failed',
      ]),
    );
  });

  it('has a redirect URI of its own per server and platform, and is refused at any other', async () => {
    const { connection, question, back } = await leave();
    const ownAddress = question.searchParams.get('redirect_uri') ?? '';
    const another = await startServer((_, response) =>
      sendJson(response, 200, { client_id: 'a', client_secret: 'b' }),
    );
    closing.push(another.close);
    const addresses = [ownAddress];
    for (const body of [
      { platform: 'mastodon', server: another.url },
      ...['mastodon', 'x', 'linkedin', 'instagram'].map((platform) => ({ platform, sandbox: true })),
    ]) {
      const { url } = await start(body);
      const left = await browser.submit(await browser.open(url), {}, { follow: false });
      addresses.push(new URL(left.headers.get('location') ?? '').searchParams.get('redirect_uri') ?? '');
    }
    expect(new Set(addresses).size).toBe(6);
    expect(addresses.every((address) => address.startsWith(`${app.url}/connections/callback/`))).toBe(true);
    const page = await browser.open(back('code=a-code').replace(ownAddress, addresses[1] ?? ''));
    expect(page.status).toBe(403);
    expect(page.text).toMatch(/address of another server/);
    // The state is used up: the right redirect URI is refused now, too.
    expect((await browser.open(back('code=a-code'))).status).toBe(404);
    expect(exchanges()).toBe(0);
    expect(await progress(connection)).toMatchObject({ status: 'failed' });
  });

  it('is refused with 403 at the redirect URI of earlier versions, and the page says what to register instead', async () => {
    const atX = await start({ platform: 'mastodon', sandbox: true });
    const left = await browser.submit(await browser.open(atX.url), {}, { follow: false });
    const state = new URL(left.headers.get('location') ?? '').searchParams.get('state');
    const page = await browser.open(`${app.url}/connections/callback?state=${state}&code=a`);
    expect(page.status).toBe(403);
    expect(page.text).toMatch(/served all platforms together in earlier versions/);
    app.ctx.settings.apps = { x: { clientId: 'an-app', clientSecret: 'a-secret' } };
    const real = await start({ platform: 'x' });
    const asked = await browser.submit(await browser.open(real.url), {}, { follow: false });
    const question = new URL(asked.headers.get('location') ?? '');
    expect(question.searchParams.get('redirect_uri')).toBe(`${app.url}/connections/callback/x`);
    const told = await browser.open(
      `${app.url}/connections/callback?state=${question.searchParams.get('state')}&code=a`,
    );
    expect(told.text).toContain(`has to register ${app.url}/connections/callback/x at X instead`);
  });

  it('is refused on a clear page when it is malformed, and the author can still finish', async () => {
    const { connection, question, back } = await leave();
    const address = question.searchParams.get('redirect_uri') ?? '';
    const state = question.searchParams.get('state') ?? '';
    const odd: [string, number, RegExp][] = [
      [`${address}`, 400, /no &quot;state&quot;/],
      [`${address}?code=a`, 400, /no &quot;state&quot;/],
      [`${address}?state[]=${state}&code=a`, 400, /no &quot;state&quot;/],
      [back(''), 400, /neither/],
      [back('code='), 400, /neither/],
      [back('code[]=a'), 400, /neither/],
      [back('code=a&code=b'), 400, /&quot;code&quot; more than once/],
      [back(`code=a&state=${state}`), 400, /&quot;state&quot; more than once/],
      [back('code=a&iss=a&iss=b'), 400, /&quot;iss&quot; more than once/],
      [back('error=a&error=b'), 400, /&quot;error&quot; more than once/],
      [back('code=a&error=b'), 400, /&quot;code&quot; and &quot;error&quot;/],
      [`${address}?state=${'s'.repeat(10_000)}&code=a`, 404, /not known/],
      [`${address}?state=%00%ff<script>alert(1)</script>&code=a`, 404, /not known/],
      [`${app.url}/connections/start?state=${state}&state=${state}`, 400, /state/],
      [`${app.url}/connections/start?state=${'s'.repeat(10_000)}`, 400, /state/],
    ];
    for (const [url, status, text] of odd) {
      const page = await browser.open(url);
      expect([url.slice(0, 200), page.status]).toEqual([url.slice(0, 200), status]);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.text).toMatch(text);
      expect(page.text).not.toContain('<script');
      expect(page.text.length).toBeLessThan(4_000);
    }
    expect((await browser.open(back(`code=${'c'.repeat(100_000)}`))).status).toBe(431);
    // Parameters of other response types are ignored.
    const page = await browser.open(back('code=a&token=b&id_token=c&response=d&error_description=e'));
    expect(page.status).toBe(200);
    expect(await progress(connection)).toMatchObject({ status: 'connected' });
  });

  it('does not put its long texts and markup on a page or into the database', async () => {
    const markup = `<script>alert('1')</script>`;
    const endless = markup.repeat(40_000);
    const said = `error=access_denied&error_description=${encodeURIComponent(markup.repeat(50))}`;
    const pages: Page[] = [await browser.open((await leave()).back(said))];
    expect(pages[0]?.status).toBe(422);

    for (const [status, body] of [
      [400, { error: endless, error_description: endless }],
      [400, { error: 'invalid_grant', error_description: endless }],
      [401, { error: endless }],
      [200, { access_token: endless, token_type: 'Bearer' }],
      [200, { access_token: 'a', token_type: endless }],
      [200, endless],
      [500, endless],
    ] as const) {
      spoken['/oauth/token'] = (_, response) => sendJson(response, status, body);
      pages.push(await browser.open((await leave()).back('code=a')));
    }
    spoken['/oauth/token'] = (_, response) =>
      sendJson(response, 200, { access_token: 'a', token_type: 'Bearer' });
    spoken['/api/v1/accounts/verify_credentials'] = (_, response) =>
      sendJson(response, 200, { id: '1', username: endless });
    pages.push(await browser.open((await leave()).back('code=a')));
    spoken['/api/v1/accounts/verify_credentials'] = (_, response) =>
      sendJson(response, 200, { id: '1', username: markup });
    pages.push(await browser.open((await leave()).back('code=a')));
    expect(pages.at(-1)?.status).toBe(200);
    for (const page of pages) {
      expect([200, 422, 502]).toContain(page.status);
      expect(page.text).not.toContain('<script');
      expect(page.text.length).toBeLessThan(4_000);
    }
    const kept = JSON.stringify(await app.ctx.db.query('SELECT * FROM connection'));
    expect(kept).not.toContain('<script');
    expect(kept.length).toBeLessThan(20_000);

    const hostile = await startServer((_, response) =>
      sendJson(response, 200, { client_id: endless, client_secret: 'b' }),
    );
    closing.push(hostile.close);
    const refused = await app.request('POST', '/connections', { platform: 'mastodon', server: hostile.url });
    expect([refused.status, refused.body.code]).toEqual([502, 'platform_unavailable']);
  });
});
