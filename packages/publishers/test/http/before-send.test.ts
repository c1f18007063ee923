import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Agent, getGlobalDispatcher, setGlobalDispatcher, type buildConnector } from 'undici';
import { createHttpClient, NoAnswerError, type HttpRequest } from '../../src/http.ts';
import { CREATED, serveRaw, type RawServer } from './raw-server.ts';

// The send window of the public call is checked just before the first byte is sent, and not earlier.

const WINDOW_MS = 700;
const SLOW_MS = 1_400;

class TooLateError extends Error {}

/** A client whose send window starts now. */
function windowed(baseUrl: string) {
  const opened = performance.now();
  const checks: HttpRequest[] = [];
  const client = createHttpClient({
    baseUrl,
    timeoutMs: 30_000,
    beforeSend(request) {
      checks.push(request);
      if (performance.now() - opened > WINDOW_MS) throw new TooLateError('the window is closed');
    },
  });
  return { client, checks };
}

const create = { method: 'POST', path: '/create', json: { text: 'once' } } as const;

let servers: RawServer[] = [];
let agents: Agent[] = [];
const before = getGlobalDispatcher();

async function serve(answer: (socket: Socket, path: string) => void = (socket) => socket.write(CREATED)) {
  const server = await serveRaw(answer);
  servers.push(server);
  return server;
}

function install(options: Agent.Options): void {
  const agent = new Agent(options);
  agents.push(agent);
  setGlobalDispatcher(agent);
}

/** A network on which connecting is slow. */
const slowly: buildConnector.connector = ({ hostname, port }, callback) => {
  setTimeout(() => {
    const socket = connectTcp(Number(port), hostname);
    socket.once('connect', () => callback(null, socket));
  }, SLOW_MS);
};

beforeEach(() => {
  servers = [];
  agents = [];
});
afterEach(async () => {
  setGlobalDispatcher(before);
  for (const agent of agents) await agent.destroy();
  for (const server of servers) await server.close();
});

describe('if the send window closes before the first byte, nothing is sent and the error is rethrown unchanged', () => {
  it('while connecting', async () => {
    const server = await serve();
    install({ connect: slowly });
    const { client, checks } = windowed(server.url);
    await expect(client.request(create)).rejects.toBeInstanceOf(TooLateError);
    expect(checks).toHaveLength(1);
    expect(server.byteSize()).toBe(0);
    // The connection works, and the next request uses it.
    expect((await windowed(server.url).client.request(create)).status).toBe(201);
    expect(server.heads).toHaveLength(1);
  });

  it('during the TLS handshake', async () => {
    const psk = { psk: Buffer.from('shared'), identity: 'test' };
    const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined } as const;
    const server = await serveRaw(
      (socket) => socket.write(CREATED),
      (onSocket) => {
        const inner = createTlsServer(
          { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => psk.psk },
          onSocket,
        );
        return createTcpServer((socket) => setTimeout(() => inner.emit('connection', socket), SLOW_MS));
      },
    );
    servers.push(server);
    install({ connect: { ...tls, pskCallback: () => psk } });
    const { client } = windowed(`https://127.0.0.1:${server.port}`);
    await expect(client.request(create)).rejects.toBeInstanceOf(TooLateError);
    expect(server.heads).toEqual([]);
    expect((await windowed(`https://127.0.0.1:${server.port}`).client.request(create)).status).toBe(201);
  });

  it('while waiting for a connection that is in use', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(CREATED), SLOW_MS));
    install({ connections: 1 });
    const first = windowed(server.url).client.request(create);
    const second = windowed(server.url).client.request(create);
    await expect(second).rejects.toBeInstanceOf(TooLateError);
    expect((await first).status).toBe(201);
    expect(server.heads).toHaveLength(1);
  });

  it('while reading the first piece of a streamed body', async () => {
    const server = await serve();
    async function* late() {
      await new Promise((next) => setTimeout(next, SLOW_MS));
      yield Buffer.from('piece');
    }
    const { client, checks } = windowed(server.url);
    const request = { method: 'PUT', path: '/', body: { byteSize: 5, pieces: late() } } as const;
    await expect(client.request(request)).rejects.toBeInstanceOf(TooLateError);
    expect(checks).toHaveLength(1);
    expect(server.byteSize()).toBe(0);
  });
});

describe('a request is checked once and sent at most once', () => {
  it('with a streamed body', async () => {
    const server = await serve();
    async function* pieces() {
      for (let piece = 0; piece < 20; piece += 1) yield await Promise.resolve(Buffer.alloc(50_000));
    }
    const { client, checks } = windowed(server.url);
    await client.request({ method: 'PUT', path: '/', body: { byteSize: 1_000_000, pieces: pieces() } });
    expect(checks).toHaveLength(1);
  });

  it('however the server closes connections', async () => {
    let count = 0;
    const server = await serve((socket) => {
      count += 1;
      // Closed instead of an answer, right after it, or at a random time after it.
      if (count % 5 === 0) socket.resetAndDestroy();
      else if (count % 5 === 1) socket.end();
      else if (count % 5 === 2) socket.end(CREATED);
      else if (count % 5 === 3) socket.write(CREATED, () => setImmediate(() => socket.resetAndDestroy()));
      else socket.write(CREATED);
    });
    let checks = 0;
    const client = createHttpClient({
      baseUrl: server.url,
      timeoutMs: 30_000,
      beforeSend: () => void (checks += 1),
    });
    const sent = Array.from({ length: 300 }, (_, id) => id);
    for (let at = 0; at < sent.length; at += 10) {
      const some = sent.slice(at, at + 10).map((id) => client.request({ ...create, path: `/create/${id}` }));
      await Promise.allSettled(some);
    }
    const ids = server.heads.map((head) => head.split(' ')[1]);
    expect(ids.length).toBeGreaterThan(250);
    expect(new Set(ids).size).toBe(ids.length);
    expect(checks).toBeGreaterThanOrEqual(ids.length);
    expect(checks).toBeLessThanOrEqual(sent.length);
  });

  it('and undici does not repeat it after another request broke the connection', async () => {
    const server = await serve((socket, path) => {
      if (path === '/0') setTimeout(() => socket.destroy(), 300);
    });
    install({ connections: 1, pipelining: 5 });
    const { client, checks } = windowed(server.url);
    const asked = [0, 1, 2].map((id) => client.request({ method: 'GET', path: `/${id}`, timeoutMs: 3_000 }));
    for (const each of await Promise.allSettled(asked)) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(NoAnswerError) });
    }
    const ids = server.heads.map((head) => head.split(' ')[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(checks.map(({ path }) => path)).size).toBe(checks.length);
  });
});

describe('a request without an answer', () => {
  it('was not sent if there was no connection', async () => {
    const server = await serve();
    await server.close();
    servers = [];
    const asked = windowed(server.url).client.request(create);
    await expect(asked).rejects.toMatchObject({ name: 'NoAnswerError', wasSent: false });
  });

  it('was not sent, and is not sent later, if it timed out while connecting', async () => {
    const server = await serve();
    install({ connect: slowly });
    const { client, checks } = windowed(server.url);
    const asked = client.request({ ...create, timeoutMs: 300 });
    await expect(asked).rejects.toMatchObject({ name: 'NoAnswerError', wasSent: false });
    await new Promise((next) => setTimeout(next, SLOW_MS + 300));
    expect(checks).toEqual([]);
    expect(server.byteSize()).toBe(0);
  });

  it('may have been sent if the connection broke', async () => {
    const server = await serve((socket) => socket.destroy());
    const asked = windowed(server.url).client.request(create);
    await expect(asked).rejects.toMatchObject({ name: 'NoAnswerError', wasSent: true });
  });
});
