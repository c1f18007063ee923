import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A raw TCP server: each test decides which bytes it writes. */
export interface RawServer {
  url: string;
  port: number;
  /** The heads of the received requests, as text. */
  heads: string[];
  /** The number of received bytes. */
  byteSize(): number;
  openSockets(): number;
  close(): Promise<void>;
}

/** `answer` is called when the head of a request has arrived; the body is ignored. */
export async function serveRaw(
  answer: (socket: Socket, path: string) => void,
  listen: (onSocket: (socket: Socket) => void) => Server = createServer,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  let byteSize = 0;
  const server = listen((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (piece: Buffer) => {
      byteSize += piece.length;
      text += piece.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const bodyLength = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + bodyLength) return;
        text = text.slice(end + 4 + bodyLength);
        heads.push(head);
        answer(socket, /^\S+ (\S+)/.exec(head)?.[1] ?? '');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    heads,
    byteSize: () => byteSize,
    openSockets: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const body = '{"id":"1"}';
export const CREATED = `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** Writes without end, as fast as the client reads. */
export function flood(socket: Socket, head: string, piece: string | Buffer): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** Writes a piece at intervals, without end. */
export function drip(socket: Socket, head: string, piece: string, everyMs: number): void {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), everyMs);
  socket.on('close', () => clearInterval(timer));
}
