import { afterEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient, NoAnswerError, type StreamedBody } from '../src/http.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Received {
  headers: IncomingHttpHeaders;
  byteSize: number;
  sha256: string;
}

/** A server that returns what it received, `answerAfterMs` after the last byte. */
async function serve(answerAfterMs = 0): Promise<string> {
  server = createServer((request, response) => {
    const hash = createHash('sha256');
    let byteSize = 0;
    request.on('data', (piece: Buffer) => {
      hash.update(piece);
      byteSize += piece.length;
    });
    request.on('end', () => {
      const received: Received = { headers: request.headers, byteSize, sha256: hash.digest('hex') };
      setTimeout(() => response.end(JSON.stringify(received)), answerAfterMs);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PIECE = 1_000_000;

/** `count` pieces, each made on demand; `made` is the number so far. */
function pieces(count: number, made: { count: number } = { count: 0 }): StreamedBody {
  async function* make() {
    for (; made.count < count; made.count += 1) yield await Promise.resolve(Buffer.alloc(PIECE, made.count));
  }
  return { byteSize: count * PIECE, pieces: make() };
}

describe('a streamed body', () => {
  it('arrives complete, with a content-length', async () => {
    const client = createHttpClient({ baseUrl: await serve(), timeoutMs: 30_000 });
    const expected = createHash('sha256');
    for (let piece = 0; piece < 30; piece += 1) expected.update(Buffer.alloc(PIECE, piece));
    const answer = await client.request({ method: 'PUT', path: '/', body: pieces(30) });
    expect(answer.json).toMatchObject({
      headers: { 'content-length': '30000000' },
      byteSize: 30_000_000,
      sha256: expected.digest('hex'),
    });
    expect((answer.json as Received).headers['transfer-encoding']).toBeUndefined();
  });

  it('that cannot be read is our own error, not a missing answer', async () => {
    const client = createHttpClient({ baseUrl: await serve(), timeoutMs: 30_000 });
    async function* broken() {
      yield await Promise.resolve(Buffer.alloc(PIECE));
      throw new Error('the disk is away');
    }
    const body = { byteSize: 2 * PIECE, pieces: broken() };
    const sent = client.request({ method: 'PUT', path: '/', body });
    await expect(sent).rejects.toThrow(/^the disk is away$/);
    await expect(sent).rejects.not.toBeInstanceOf(NoAnswerError);
  });

  it('is aborted when the process stops', async () => {
    const stopping = new AbortController();
    const client = createHttpClient({ baseUrl: await serve(), timeoutMs: 30_000, signal: stopping.signal });
    async function* endless() {
      yield await Promise.resolve(Buffer.alloc(PIECE));
      stopping.abort();
      yield Buffer.alloc(PIECE);
      await new Promise(() => undefined);
    }
    const body = { byteSize: 3 * PIECE, pieces: endless() };
    await expect(client.request({ method: 'PUT', path: '/', body })).rejects.toBeInstanceOf(NoAnswerError);
  });
});

it('a request can have a longer time-out than its client', async () => {
  const client = createHttpClient({ baseUrl: await serve(1_000), timeoutMs: 100 });
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toBeInstanceOf(NoAnswerError);
  expect((await client.request({ method: 'GET', path: '/', timeoutMs: 60_000 })).status).toBe(200);
});

describe('the JSON of an answer', () => {
  // JSON.parse accepts half a surrogate pair, but PostgreSQL refuses it as JSON and as text, so it could not be stored.
  it('has no half surrogate pair in any name or value', async () => {
    const body = String.raw`{"a":"\ud83d","b":["\uDC4D x",{"\ud83d":"\ud83d\ude00"}],"c":5,"d":null,"e":"\\ud83d"}`;
    server = createServer((_, response) => response.end(body));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { json } = await createHttpClient({ baseUrl, timeoutMs: 30_000 }).request({
      method: 'GET',
      path: '/',
    });
    expect(json).toEqual({
      a: '\ufffd',
      b: ['\ufffd x', { '\ufffd': '😀' }],
      c: 5,
      d: null,
      e: String.raw`\ud83d`,
    });
  });
});
