import { createServer, request as send } from 'node:http';
import type { Socket } from 'node:net';
import { reservePort } from './servers.ts';

/** `refuse`: the port is closed. `hang`: connections are accepted, but never answered. */
export type Outage = 'refuse' | 'hang';

/** One of several servers of one platform: a proxy with its own address in front of the sandbox. */
export interface PlatformServer {
  url: string;
  /** Unreachable until `up`. Calls in progress are cut. */
  down(how: Outage): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export async function openPlatformServer(target: string): Promise<PlatformServer> {
  const port = await reservePort();
  const sockets = new Set<Socket>();
  let hanging = false;

  const server = createServer((request, response) => {
    if (hanging) return;
    const url = new URL(target + (request.url ?? ''));
    const { method, headers } = request;
    const forwarded = send(url, { method, headers: { ...headers, host: url.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
    });
    // When a fault of the sandbox cuts the connection, the client's connection is cut as well.
    forwarded.on('error', () => request.socket.destroy());
    request.on('error', () => forwarded.destroy()).pipe(forwarded);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    async down(how) {
      if (how === 'refuse') return close();
      hanging = true;
      for (const socket of sockets) socket.destroy();
    },
    async up() {
      hanging = false;
      for (const socket of sockets) socket.destroy();
      if (!server.listening) await listen();
    },
    stop: () => (server.listening ? close() : Promise.resolve()),
  };
}
