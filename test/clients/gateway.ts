import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';

// Stands between the libraries and the sandbox: at the addresses that are built into them, and where a library drops the path of the
// address that it is given. It notes every answer, as the library got it.

export interface Noted {
  platform: string;
  method: string;
  path: string;
  status: number;
  body: unknown;
}

export interface Gateway {
  /** An address of its own for the platform, with nothing behind its port. */
  at(platform: string): string;
  /** Where a page of the real platform is here. */
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
  // No byte leaves this machine: whatever a library sends to a host over TLS ends here, as plain HTTP.
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
