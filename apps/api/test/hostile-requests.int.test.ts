import { buildApp } from '@solospark/api';
import { createLogger } from '@solospark/foundation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// Requests that are too large, too slow or too many: each is refused at once, with a small answer.

const MOST_BYTES = 16 * 1024;

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

interface Problem {
  status: number;
  code: string;
  detail: string;
  errors: { pointer: string; code: string }[];
}

const ask = async (method: string, path: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${api.url}${path}`, {
    method,
    body,
    headers: { 'content-type': 'application/json', 'x-api-key': api.apiKey, ...headers },
  });
  const text = await response.text();
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_BYTES);
  return { status: response.status, text };
};
const post = async (body: string): Promise<Problem> => {
  const { text } = await ask('POST', `/organizations/${api.organizationId}/posts`, body);
  return JSON.parse(text) as Problem;
};
const names = (count: number, nameOf: (index: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index), 0]));

describe('a refused request is answered in at most 16 KB and 20 errors', () => {
  it('for a list of 60,000 wrong ids: only that it is too long', async () => {
    const { errors, code } = await post(JSON.stringify({ text: 'a', channelIds: Array(60_000).fill(1) }));
    expect(code).toBe('invalid_request');
    expect(errors).toMatchObject([{ pointer: '/channelIds', code: 'maxItems' }]);
  });
  it('for 20,000 unknown names', async () => {
    const { errors, code } = await post(JSON.stringify({ text: 'a', ...names(20_000, String) }));
    expect(code).toBe('invalid_request');
    expect(errors).toMatchObject([{ pointer: '', code: 'maxProperties' }]);
  });
  it('for a few long names of six bytes a character', async () => {
    const long = names(15, (index) => index + '\u0001'.repeat(2_000) + '\ud800');
    const { errors, code, detail } = await post(JSON.stringify({ text: 'a', ...long }));
    expect(code).toBe('invalid_request');
    expect(errors.length).toBeGreaterThan(0);
    expect(detail).toMatch(/The first \d+ of 15 errors are listed/);
  });
  it('for a hundred wrong ids: the first twenty, and the number of all', async () => {
    const channelIds = Array.from({ length: 100 }, (_, index) => `wrong ${index}`);
    const { errors, detail } = await post(JSON.stringify({ text: 'a', channelIds }));
    expect(errors).toHaveLength(20);
    expect(detail).toContain('The first 20 of 100 errors are listed.');
  });
  it('for 20,000 channel texts, and for 12,000 settings', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [index, 'a']));
    expect((await post(JSON.stringify({ text: 'a', channelTexts: many }))).errors).toMatchObject([
      { pointer: '/channelTexts', code: 'maxProperties' },
    ]);
    const channelId = api.channelOn('x');
    const settings = names(12_000, (index) => `unknown${index}`);
    const { errors, code } = await post(
      JSON.stringify({ text: 'a', channelIds: [channelId], channelSettings: { [channelId]: settings } }),
    );
    expect(code).toBe('invalid_post');
    expect(errors).toHaveLength(20);
  });
  it('for a hundred unknown channels', async () => {
    const channelIds = Array.from(
      { length: 100 },
      (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    );
    const { errors, code, detail } = await post(JSON.stringify({ text: 'a', channelIds }));
    expect(code).toBe('invalid_post');
    expect(errors).toHaveLength(20);
    expect(detail).toContain('of 100 errors');
  });
  it.each([
    ['nested 100,000 levels deep', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['with a key __proto__', '{"text":"a","__proto__":{"admin":true}}'],
    ['with a number that overflows', `{"text":"a","lateLimitMinutes":1e99999}`],
    ['with a number of 100,000 digits', `{"text":"a","lateLimitMinutes":${'9'.repeat(100_000)}}`],
  ])('for a body %s', async (_, body) => {
    expect((await post(body)).status).toBe(400);
  });
  it('for a URL of 10,000 characters', async () => {
    const response = await fetch(`${api.url}/${'a'.repeat(10_000)}?${'b&'.repeat(1_000)}`);
    expect((await response.text()).length).toBeLessThan(MOST_BYTES);
    expect(response.status).toBe(404);
  });
  it('for a consent form, which needs no API key, that is too large: 413', async () => {
    const form = Array.from({ length: 40_000 }, (_, index) => `a${index}=1`).join('&');
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', '/connections/start', form, type)).status).toBe(413);
    expect((await ask('POST', '/connections/start', form.slice(0, 4_000), type)).status).toBe(400);
    const wrong = JSON.stringify({ state: Array(130_000).fill(1) });
    expect((await ask('POST', '/connections/start', wrong)).status).toBe(413);
  });
});

describe('a text that is far too long', () => {
  it.each([
    ['letters', 'a'.repeat(100_000), 1],
    ['dots between letters', 'a.'.repeat(50_000), 1],
    // Mastodon counts one character, however many marks it has.
    ['marks above one letter', `a${'\u0301\u0316'.repeat(40_000)}`, 2],
    ['letters in one link', `http://a.co/${'あ'.repeat(80_000)}`, 1],
  ])('of 100,000 %s is refused, and the API goes on answering', async (_, text, takers) => {
    const channelIds = api.channels.map(({ id }) => id);
    const draft = (await api.request('POST', '/posts', { text, channelIds })).body as { id: string };
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const { status, body } = await api.request('PUT', `/posts/${draft.id}/schedule`, { scheduledAt });
    expect(status).toBe(422);
    const told = (body as Problem).errors.filter(({ code }) => code === 'text_too_long');
    expect(told.length).toBeGreaterThanOrEqual(api.channels.length - takers);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });
});

describe('the API, with small limits', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const sockets: Socket[] = [];
  const lines: string[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const each of opened.splice(0)) await each.close();
    lines.length = 0;
  });
  const open = async (
    limits: Parameters<typeof buildApp>[1] = {},
    onRequest: (request: IncomingMessage) => void = () => undefined,
  ) => {
    const log = createLogger({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
    const app = await buildApp({ ...api.ctx, log }, limits);
    opened.push(app);
    app.server.on('request', onRequest);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return (app.server.address() as AddressInfo).port;
  };
  const dial = (port: number) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    const state = { text: '', closed: false };
    socket.on('data', (bytes) => (state.text += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => (state.closed = true));
    return { socket, state };
  };
  const posts = () => `/organizations/${api.organizationId}/posts`;
  const head = (path: string, headers: Record<string, string | number>, key = api.apiKey) =>
    [`POST ${path} HTTP/1.1`, 'host: a', `x-api-key: ${key}`]
      .concat(Object.entries(headers).map(([name, value]) => `${name}: ${value}`))
      .concat('', '')
      .join('\r\n');
  const json = { 'content-type': 'application/json' };
  const drip = (socket: Socket, bytes: () => string | Buffer, everyMs: number) => {
    const timer = setInterval(() => socket.writable && socket.write(bytes()), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
  const closed = (state: { closed: boolean }) =>
    eventually(
      async () => state.closed,
      (value) => value,
      'the connection is closed',
    );

  it('400 for a NUL that only the database refuses', async () => {
    const app = await buildApp(api.ctx);
    opened.push(app);
    app.get('/nul', () => api.ctx.db.query('SELECT $1::text', ['\0']));
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    expect((await fetch(`${address}/nul`)).status).toBe(400);
  });
  it('401 before the body of the request has arrived', async () => {
    const port = await open();
    const { socket, state } = dial(port);
    socket.write(head(posts(), { ...json, 'content-length': 200_000 }, 'ss_wrong'));
    await eventually(
      async () => state.text,
      (text) => text.includes('"unauthorized"'),
      'it is refused',
    );
  });
  it('408 for a body that arrives byte by byte, and the connection is closed', async () => {
    const port = await open({ requestTimeoutMs: 700 });
    const { socket, state } = dial(port);
    socket.write(head(posts(), { ...json, 'content-length': 1_000 }));
    drip(socket, () => 'a', 100);
    await closed(state);
    expect(state.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(state.text).toContain('"request_timeout"');
    expect(state.text).toMatch(/connection: close/i);
  });
  it('closes the connection of a refused client that keeps sending its body slowly', async () => {
    const port = await open({ requestTimeoutMs: 700 });
    const { socket, state } = dial(port);
    socket.write(head(posts(), { ...json, 'content-length': 1_000 }, 'ss_wrong'));
    drip(socket, () => 'a', 100);
    await closed(state);
    expect(state.text).toMatch(/^HTTP\/1\.1 401 /);
  });
  it.each<[string, number, string, Record<string, string>, number, string?]>([
    ['that is too large', 413, '/posts', json, 300_000],
    ['that is far too large', 413, '/posts', json, 20_000_000],
    ['of a type that is not read', 415, '/posts', { 'content-type': 'image/png' }, 5_000_000],
    ['that is no JSON', 400, '/posts', json, 200_000],
    ['without the right key', 401, '/posts', json, 5_000_000, 'ss_wrong'],
    ['for a route that is not there', 404, '/nothing', { 'content-type': 'image/png' }, 5_000_000],
    ['that is no upload', 415, '/media', { 'content-type': 'image/png' }, 5_000_000],
  ])('refuses a body %s with %d, reads on, and answers the next request', async (...row) => {
    const [, status, path, headers, length, key] = row;
    const { socket, state } = dial(await open());
    socket.pause();
    socket.write(
      head(`/organizations/${api.organizationId}${path}`, { ...headers, 'content-length': length }, key),
    );
    // Also a client that reads only after it has sent everything gets the answer.
    await new Promise((resolve) => socket.write('a'.repeat(length), resolve));
    socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n');
    socket.resume();
    await eventually(
      async () => [...state.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, told]) => Number(told)),
      (told) => told.length === 2 && told[0] === status && told[1] === 200,
      'both are answered',
    );
    expect(state.closed).toBe(false);
  });
  it('closes the connection of a refused client that sends without end', async () => {
    const { socket, state } = dial(await open({ requestTimeoutMs: 600_000 }));
    socket.write(head(posts(), { ...json, 'transfer-encoding': 'chunked' }, 'ss_wrong'));
    const chunk = Buffer.from(`40000\r\n${'a'.repeat(0x40000)}\r\n`);
    const pump = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await closed(state);
    expect(state.text).toMatch(/^HTTP\/1\.1 401 /);
  });
  it.each([
    ['JSON', () => posts(), json],
    [
      'an upload',
      () => `/organizations/${api.organizationId}/media`,
      { 'content-type': 'multipart/form-data; boundary=b' },
    ],
  ])('logs no error when a client disconnects in the middle of %s', async (_, path, type) => {
    let request: IncomingMessage | undefined;
    const { socket } = dial(await open({}, (seen) => (request = seen)));
    socket.write(head(path(), { ...type, 'content-length': 100_000 }));
    socket.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\na');
    await eventually(
      async () => request?.listenerCount('data') ?? 0,
      (readers) => readers > 0,
      'it is being read',
    );
    socket.destroy();
    await eventually(
      async () => lines.join(''),
      (told) => told.includes('request refused'),
      'it is seen to be gone',
    );
    expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level > 30)).toEqual([]);
  });
  it('408 for headers that never end', async () => {
    const port = await open({ headersTimeoutMs: 500 });
    const { socket, state } = dial(port);
    socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n');
    drip(socket, () => 'x: y\r\n', 100);
    await closed(state);
    expect(state.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(state.text).toContain('application/problem+json');
  });
  const upload = async () => {
    const boundary = 'b';
    const image = Buffer.from(await demoImage());
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n`),
      image,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const headers = {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': body.length,
    };
    return { body, head: head(`/organizations/${api.organizationId}/media`, headers) };
  };
  it('408 for an upload below the lowest rate', async () => {
    const port = await open({ upload: { bytesPerSecond: 4_096, overMs: 500 } });
    const { socket, state } = dial(port);
    const { body, head: start } = await upload();
    socket.write(start);
    socket.write(body.subarray(0, 200));
    drip(socket, () => 'a', 100);
    await closed(state);
    expect(state.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(state.text).toContain('"request_timeout"');
  });
  it('201 for a steady upload that takes far longer than other requests may', async () => {
    const port = await open({ requestTimeoutMs: 200, upload: { bytesPerSecond: 10, overMs: 1_000 } });
    const { socket, state } = dial(port);
    const { body, head: start } = await upload();
    socket.write(start);
    const piece = Math.ceil(body.length / 20);
    let at = 0;
    drip(socket, () => body.subarray(at, (at += piece)), 100);
    await eventually(
      async () => state.text,
      (text) => text.includes('\r\n\r\n'),
      'it is answered',
    );
    expect(state.text).toMatch(/^HTTP\/1\.1 201 /);
  });
  it('closes connections of one client beyond its limit, and accepts new ones when others are closed', async () => {
    const port = await open({ maxSocketsPerClient: 3 });
    const first = [dial(port), dial(port), dial(port)];
    const ok = async ({ socket, state }: ReturnType<typeof dial>) => {
      socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n');
      await eventually(
        async () => state.text,
        (text) => text.includes('"ok"'),
        'it is answered',
      );
    };
    for (const each of first) await ok(each);
    const fourth = dial(port);
    await closed(fourth.state);
    expect(fourth.state.text).toBe('');
    expect(lines.filter((line) => line.includes('too many open connections'))).toHaveLength(1);
    first[0]?.socket.destroy();
    await eventually(
      async () => {
        const again = dial(port);
        again.socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
        await closed(again.state);
        return again.state.text;
      },
      (text) => text.includes('"ok"'),
      'another one is taken',
    );
  });
  it.each([
    ['a platform without an OAuth client', { platform: 'x' }, 503],
    ['a server that cannot be reached', { platform: 'mastodon', server: 'nowhere.invalid' }, 502],
  ])('logs %s as one warning without a stack: any tenant can cause it', async (_, body, status) => {
    const port = await open();
    const answer = await fetch(`http://127.0.0.1:${port}/organizations/${api.organizationId}/connections`, {
      method: 'POST',
      headers: { ...json, 'x-api-key': api.apiKey },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(status);
    const above = lines
      .map((line) => JSON.parse(line) as { level: number; reason?: string })
      .filter(({ level }) => level >= 40);
    expect(above).toMatchObject([{ level: 40, msg: 'request not carried out', reason: expect.any(String) }]);
    expect(JSON.stringify(above)).not.toContain('"stack"');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2_000);
  });
});
