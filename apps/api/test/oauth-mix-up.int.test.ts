import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { openBrowser, type Page } from '../../../test/support/browser.ts';

// The mix-up attack (RFC 9700, section 4.4), played whole: an attacker's own Mastodon server, X as the sandbox plays it, and
// the victim's browser. The attacker begins two connections for an organization of theirs: one at X, in their own browser,
// and one at their server, whose link the victim follows.

interface Served {
  path: string;
  query: URLSearchParams;
  form: URLSearchParams;
}

/** A server on loopback that speaks as little of Mastodon's API as `answer` does. */
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

describe('a hostile server that sends its visitor on to the page of X', () => {
  /** The attacker's server: it registers any app, and sends whoever comes to agree there on to `lure`. */
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

  /** What X is asked for the attacker's own connection: its challenge is theirs, and they have its browser. */
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

    // Whatever their server was handed the attacker now brings, in their own browser, as the answer to what they asked X.
    const stolen = hostile.asked
      .filter(({ path }) => path === '/oauth/token')
      .map(({ form }) => form.get('code'));
    const callback = new URL(question.searchParams.get('redirect_uri') ?? '');
    callback.searchParams.set('state', question.searchParams.get('state') ?? '');
    if (stolen[0]) callback.searchParams.set('code', stolen[0]);
    const taken: Page = await attacker.open(callback.href);
    return { bait, atX, end, code, stolen, taken, hostile };
  };

  it('is not handed the code, and the attacker’s organization does not end with the victim’s account', async () => {
    const { bait, atX, end, stolen, taken } = await playAttack((_own, ofX) => ofX);
    expect(await handles()).not.toContain('victim');
    expect(stolen).toEqual([]);
    expect(end.status).toBe(403);
    expect(taken.status).not.toBe(200);
    expect(await progress(bait)).toMatchObject({ status: 'failed', channelId: null });
    expect(await progress(atX)).toMatchObject({ channelId: null });
  });

  it('gains nothing by an address of its own either, which a lenient X would send the code to', async () => {
    const { atX, taken } = await playAttack((own) => own);
    expect(await handles()).not.toContain('victim');
    expect(taken.status).not.toBe(200);
    expect(await progress(atX)).toMatchObject({ channelId: null });
  });
});
