import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { demoImage, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// Requests that are refused before any route sees them, and other spellings that are accepted.

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

/** Sends raw lines, and returns everything that is received until the connection is closed. */
function send(
  ...lines: string[]
): Promise<{ status: number; type: string; problem: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = text.replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, '').split('\r\n\r\n', 2);
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
        type: /content-type: ([^;\r\n]*)/i.exec(head)?.[1] ?? '',
        problem: body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {},
      });
    });
    socket.write([...lines, 'connection: close', '', ''].join('\r\n'));
  });
}

const posts = () => `/organizations/${api.organizationId}/posts`;

describe('a malformed request that reaches no route is refused with a problem', () => {
  it.each<[string, number, string, () => string[]]>([
    ['two Host headers', 400, 'invalid_request', () => ['GET /health/live HTTP/1.1', 'host: a', 'Host: b']],
    [
      'two equal Host headers',
      400,
      'invalid_request',
      () => [`GET ${posts()} HTTP/1.1`, 'host: a', 'host: a'],
    ],
    ['two hosts in one header', 400, 'invalid_request', () => ['GET /health/live HTTP/1.1', 'host: a, b']],
    ['a malformed host', 400, 'invalid_request', () => ['GET /nothing HTTP/1.1', 'host: a/b@c d']],
    ['no Host header', 400, 'invalid_request', () => ['GET /health/live HTTP/1.1']],
    [
      'an unsupported expectation',
      417,
      'expectation_failed',
      () => [`POST ${posts()}?a=b HTTP/1.1`, 'host: a', 'expect: a-miracle', 'content-length: 2'],
    ],
    [
      'headers that are too long',
      431,
      'headers_too_large',
      () => ['GET /health/live HTTP/1.1', 'host: a', `x: ${'a'.repeat(20_000)}`],
    ],
    [
      'an address that is too long',
      431,
      'headers_too_large',
      () => [`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'host: a'],
    ],
    ['not HTTP', 400, 'invalid_request', () => ['nonsense']],
  ])('%s: %d', async (_, status, code, lines) => {
    const answer = await send(...lines());
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json',
      problem: { status, code, type: `urn:solospark:problem:${code}`, errors: [] },
    });
    for (const name of ['title', 'detail', 'instance', 'requestId']) {
      expect(typeof answer.problem[name]).toBe('string');
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('an unsupported body type, with %s: 415', async (method) => {
    const id = '00000000-0000-4000-8000-000000000000';
    const path = { POST: '', PUT: `/${id}/schedule` }[method] ?? `/${id}`;
    const answer = await fetch(api.url + posts() + path, {
      method,
      headers: { 'x-api-key': api.apiKey, 'content-type': 'text/csv' },
      body: 'a,b',
    });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('unlike one Host header, "100-continue", and HTTP/1.0 without a host', async () => {
    expect((await send('GET /health/live HTTP/1.1', 'host: api.example.org:8080')).status).toBe(200);
    expect((await send('GET /health/live HTTP/1.1', 'host: [::1]:3000')).status).toBe(200);
    expect((await send('GET /health/live HTTP/1.1', 'host: a', 'expect: 100-continue')).status).toBe(200);
    expect((await send('GET /health/live HTTP/1.0')).status).toBe(200);
  });
});

describe('an id in upper case', () => {
  it('is the same id in every path, query and body', async () => {
    const x = api.channelOn('x');
    const upper = x.toUpperCase();
    const media = (await api.upload('a.jpg', await demoImage())).body;
    const created = await api.request('POST', '/posts', {
      text: 'A',
      channelIds: [upper],
      mediaIds: [media.id.toUpperCase()],
      channelTexts: { [upper]: 'B' },
      channelSettings: { [upper]: {} },
    });
    expect([created.status, created.body.errors]).toEqual([201, undefined]);
    expect(created.body).toMatchObject({
      media: [{ id: media.id }],
      deliveries: [{ channelId: x, text: 'B' }],
    });
    const path = `/posts/${created.body.id.toUpperCase()}`;
    const scheduledAt = secondsAhead(3_600);
    const connection = (await api.request('POST', '/connections', { platform: 'x', sandbox: true })).body;
    const other = (await api.request('POST', '/channels', { platform: 'x', handle: 'capital' })).body;
    const link = new URL(media.url);
    link.pathname = `/media/${media.id.toUpperCase()}`;
    const answers = [
      await api.request('GET', path),
      await api.request('PATCH', path, { channelTexts: { [upper]: 'C' } }),
      await api.request('PUT', `${path}/schedule`, { scheduledAt }),
      await api.request('DELETE', `${path}/schedule`),
      await api.request('GET', `/media/${media.id.toUpperCase()}`),
      await api.request('GET', `/connections/${connection.id.toUpperCase()}`),
      await api.request('DELETE', `/channels/${other.id.toUpperCase()}`),
      await fetch(link),
      await api.request('DELETE', path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 204]);
  });

  it('is equal to the one in lower case: both in one list are refused as a duplicate', async () => {
    const x = api.channelOn('x');
    const answer = await api.request('POST', '/posts', { text: 'A', channelIds: [x, x.toUpperCase()] });
    expect([answer.status, answer.body.errors]).toMatchObject([
      400,
      [{ pointer: '/channelIds', code: 'uniqueItems' }],
    ]);
    const both = { [x]: 'A', [x.toUpperCase()]: 'B' };
    const texts = await api.request('POST', '/posts', { text: 'A', channelIds: [x], channelTexts: both });
    expect([texts.status, texts.body.errors[0].code]).toEqual([422, 'unknown_channel']);
  });

  it('is not lower-cased in a text', async () => {
    const text = api.channelOn('x').toUpperCase();
    const created = await api.request('POST', '/posts', { text, platforms: ['x'] });
    expect(created.body.text).toBe(text);
  });
});

describe('an unknown platform name', () => {
  it.each(['\0', 'a\0b', 'myspace', 'é', '\ud800', '__proto__', "x' OR 1=1"])(
    'is refused with 422 and a pointer, in every place: %j',
    async (platform) => {
      const answers = [
        await api.request('POST', '/posts', { text: 'A', platforms: ['x', platform] }),
        await api.request('POST', '/channels', { platform, handle: 'a' }),
        await api.request('POST', '/connections', { platform, sandbox: true }),
        await api.request('POST', '/connections/sign-in', { platform, identifier: 'a', password: 'b' }),
      ];
      expect(answers.map(({ status, body }) => [status, body.code, body.errors[0]?.pointer])).toEqual([
        [422, 'invalid_post', '/platforms/1'],
        [422, 'invalid_channel', '/platform'],
        [422, 'invalid_connection', '/platform'],
        [422, 'invalid_connection', '/platform'],
      ]);
    },
  );
});

describe('a body that the route does not take', () => {
  const url = (path: string) => `${api.url}/organizations/${api.organizationId}${path}`;
  const ask = async (path: string, init: RequestInit & { headers?: Record<string, string> }) => {
    const headers = { 'x-api-key': api.apiKey, ...init.headers };
    const answer = await fetch(url(path), { method: 'POST', ...init, headers });
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    return [answer.status, code, detail];
  };
  const form = (...fields: [name: string, value: string | Blob][]) => {
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    return { body };
  };
  const json = (body: string, headers = {}) => ({
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const file = new Blob(['a']);
  it.each([
    ['encoded', '/posts', () => json('{}', { 'content-encoding': 'gzip' }), 415, /Content-Encoding/],
    ['a form', '/posts', () => form(['text', 'a']), 415, /Send JSON/],
    ['with __proto__ in it', '/posts', () => json('{"__proto__":{"a":1}}'), 400, /called "__proto__"/],
    ['with a prototype in it', '/posts', () => json('{"constructor":{"prototype":{}}}'), 400, /"prototype"/],
    ['no JSON', '/posts', () => json('{"__proto__":{"a":1}'), 400, /could not be read as JSON/],
    ['a file as text', '/media', () => form(['file', 'a']), 400, /"file" is text: send it as a file/],
    ['two files', '/media', () => form(['file', file], ['file', file]), 400, /more than one file/],
    [
      'two descriptions',
      '/media',
      () => form(['altText', 'a'], ['altText', 'b']),
      400,
      /"altText" is given twice/,
    ],
  ])('(%s, to %s) is refused with the reason', async (_what, path, body, status, sentence) => {
    expect(await ask(path, body())).toEqual([status, expect.any(String), expect.stringMatching(sentence)]);
  });
});
