import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';

// A proxy between the libraries and the sandbox, for libraries with built-in addresses, and for those that drop the path of the
// address they are given. It records every answer that a library got.

export interface Noted {
  platform: string;
  method: string;
  path: string;
  status: number;
  body: unknown;
}

export interface Gateway {
  /** The platform's own address: a host and a port without a path. */
  at(platform: string): string;
  /** The local address of a page of the real platform. */
  here(url: string | URL): string;
  answers: Noted[];
  close(): Promise<void>;
}

const hosts: Record<string, string> = {
  'x.com': 'x',
  'api.x.com': 'x',
  'www.linkedin.com': 'linkedin',
  'api.linkedin.com': 'linkedin',
};
const platforms = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];

export async function startGateway(sandboxUrl: string): Promise<Gateway> {
  const answers: Noted[] = [];
  const servers: Server[] = [];
  const ports = new Map<string, number>();
  const target = new URL(sandboxUrl);

  function pass(platform: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = incoming.url ?? '/';
    const headers = { ...incoming.headers, host: target.host };
    const onward = send(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: `/${platform}${path}`,
        headers,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const { method = '' } = incoming;
          answers.push({ platform, method, path, status: response.statusCode ?? 0, body: parse(bytes) });
          outgoing.writeHead(response.statusCode ?? 502, response.headers).end(bytes);
        });
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  async function listen(platformOf: (request: IncomingMessage) => string | undefined): Promise<number> {
    const server = createServer((request, response) => {
      const platform = platformOf(request);
      if (platform === undefined) response.writeHead(502).end();
      else pass(platform, request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  for (const platform of platforms) ports.set(platform, await listen(() => platform));
  // No byte leaves this machine: every TLS connection of a library ends here, and continues as plain HTTP.
  const known = await listen((request) => hosts[request.headers.host ?? '']);
  const real = https.globalAgent;
  const agent = new https.Agent();
  agent.createConnection = () => connect(known, '127.0.0.1');
  https.globalAgent = agent;

  return {
    at: (platform) => `http://127.0.0.1:${ports.get(platform)}`,
    here(url) {
      const { hostname, pathname, search } = new URL(url);
      return `${sandboxUrl}/${hosts[hostname] ?? ''}${pathname}${search}`;
    },
    answers,
    async close() {
      https.globalAgent = real;
      agent.destroy();
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              (server as ReturnType<typeof createServer>).closeAllConnections();
            }),
        ),
      );
    },
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
