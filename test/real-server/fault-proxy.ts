import { createServer, request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

// A proxy in front of the real server that breaks one call at a time, before or after the server has handled it.

export type Fault = 'drop-before' | 'drop-after' | '503-after' | 'hang-after' | 'cut-after';

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>;

export async function startFaultProxy(target: string) {
  const armed: { path: string; fault: Fault; played: () => void }[] = [];
  const proxy = createServer((request, response) => {
    void (async () => {
      const index = armed.findIndex(({ path }) => request.url?.includes(path));
      const { fault, played } = (index < 0 ? undefined : armed.splice(index, 1)[0]) ?? {};
      const body = await read(request);
      if (fault === 'drop-before') {
        played?.();
        return void request.socket.destroy();
      }
      const answer = await forward(new URL(request.url ?? '/', target), request, body);
      played?.();
      switch (fault) {
        case 'drop-after':
          return void request.socket.destroy();
        case '503-after':
          return void response.writeHead(503).end('<html>upstream</html>');
        case 'hang-after':
          // No answer: the caller has to time out.
          return;
        case 'cut-after':
          return void response
            .writeHead(answer.status, { 'content-type': 'application/json' })
            .end(half(answer.body));
        default:
          return void response.writeHead(answer.status, answer.headers).end(answer.body);
      }
    })().catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    /** Breaks the next call whose path contains `path`. Resolves when that call has come, and the server has handled it. */
    arm: (path: string, fault: Fault) =>
      new Promise<void>((resolve) => void armed.push({ path, fault, played: resolve })),
    close: () =>
      new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
}

const half = (body: Buffer) => body.subarray(0, Math.ceil(body.length / 2));

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function forward(url: URL, { method, headers }: IncomingMessage, body: Buffer) {
  // One connection per call. A server may close an idle connection without notice, and only armed faults may lose a call.
  const sent = { ...headers, host: url.host, connection: 'close' };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { method, headers: sent, agent: false }, resolve).on('error', reject).end(body);
  });
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await read(answer) };
}
