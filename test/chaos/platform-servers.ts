import { createServer, request as send } from 'node:http';
import type { Socket } from 'node:net';
import { reservePort } from './servers.ts';

/** `refuse`: nobody listens. `hang`: connections are taken, and nothing is ever answered. */
export type Outage = 'refuse' | 'hang';

/** One of several servers of one platform: an address of its own, before the sandbox that plays the platform. */
export interface PlatformServer {
  url: string;
  /** Away until `up`. What is under way is cut. */
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
    // The sandbox's faults cut connections: so does this.
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
