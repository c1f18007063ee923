import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

// A TCP proxy in front of a test's PostgreSQL that counts statements, and simulates a server that is unreachable.

/**
 * `open`: everything passes. `refusing`: every connection is closed. `silent`: nothing is answered, as when the network is cut.
 * `breaking`: a counted statement is not passed on, and its connection is closed.
 */
export type ProxyMode = 'open' | 'refusing' | 'silent' | 'breaking';

export interface PostgresProxy {
  /** The same database, through the proxy. */
  url: string;
  mode: ProxyMode;
  /** How many counted statements were sent since `reset`. */
  statements: number;
  /** How many connections were refused, or got no answer, since `reset`. */
  connections: number;
  reset(mode: ProxyMode): void;
  close(): Promise<void>;
}

export async function startPostgresProxy(
  databaseUrl: string,
  isCounted: (sql: string) => boolean,
): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const proxy: PostgresProxy = {
    url: '',
    mode: 'open',
    statements: 0,
    connections: 0,
    reset(mode) {
      Object.assign(proxy, { mode, statements: 0, connections: 0 });
      if (mode === 'refusing') for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (proxy.mode === 'refusing' || proxy.mode === 'silent') proxy.connections += 1;
    if (proxy.mode === 'refusing') return void client.destroy();
    const upstream = keep(connect(Number(target.port || 5432), target.hostname));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => {
      if (proxy.mode !== 'silent') client.write(bytes);
    });
    const statementsOf = readStatements();
    client.on('data', (bytes) => {
      const counted = statementsOf(bytes).filter(isCounted).length;
      proxy.statements += counted;
      if (proxy.mode === 'breaking' && counted > 0) client.destroy();
      else if (proxy.mode !== 'silent') upstream.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  proxy.url = url.href;
  return proxy;
}

/** Parses a client's bytes, and returns the SQL of each statement that is complete. */
function readStatements(): (bytes: Buffer) => string[] {
  let rest = Buffer.alloc(0);
  let hasStarted = false;
  let sql = '';
  return (bytes) => {
    const statements: string[] = [];
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      // The startup message has no type letter in front of its length.
      const letter = hasStarted ? 1 : 0;
      if (rest.length < letter + 4) return statements;
      const size = letter + rest.readInt32BE(letter);
      if (rest.length < size) return statements;
      const [kind, body] = [letter ? String.fromCharCode(rest[0] ?? 0) : '', rest.subarray(letter + 4, size)];
      if (kind === 'P') sql += textOf(body.subarray(body.indexOf(0) + 1));
      if (kind === 'Q') statements.push(textOf(body));
      if (kind === 'S') {
        statements.push(sql);
        sql = '';
      }
      hasStarted = true;
      rest = rest.subarray(size);
    }
  };
}

function textOf(bytes: Buffer): string {
  return bytes.subarray(0, bytes.indexOf(0)).toString();
}
