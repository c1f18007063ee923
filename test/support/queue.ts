import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './program.ts';

// Real Redis servers for tests: the shared one of the run, or a private one that a test may kill.

export const redisServer = findProgram('redis-server');

/** The Redis that the test run started or was given; null when there is none. It is shared: use `uniquePrefix`. */
export function redisForTests(): string | null {
  return process.env['TEST_REDIS_URL'] || null;
}

/** A key prefix that no other test has; the braces keep all keys in one slot of a Redis cluster, as in production. */
export function uniquePrefix(): string {
  return `{test-${randomBytes(6).toString('hex')}}`;
}

/** The Redis of the test run, or a private one when there is none. `close` stops only a private one. */
export async function openRedisForTests(): Promise<{ url: string; close(): Promise<void> }> {
  const given = redisForTests();
  if (given) return { url: given, close: async () => undefined };
  const server = await startRedis();
  return { url: server.url, close: () => server.stop() };
}

export interface RedisServer {
  url: string;
  port: number;
  /** A clean stop: SIGTERM. */
  stop(): Promise<void>;
  /** Like a power cut: SIGKILL. With no persistence, a server started on the same port afterwards is empty. */
  kill(): Promise<void>;
  /** The server stops answering, its sockets stay open; `resume` lets it go on. */
  pause(): void;
  resume(): void;
  /** Sends one command, words separated by spaces, and returns the raw reply. */
  command(line: string): Promise<string>;
}

/** A private redis-server from the PATH, without persistence, on `port` or a free one. Resolves when it answers. */
export async function startRedis(options: { port?: number; args?: string[] } = {}): Promise<RedisServer> {
  if (!redisServer) throw new Error('there is no redis-server on the PATH');
  const port = options.port ?? (await freePort());
  const dir = mkdtempSync(join(tmpdir(), 'solospark-redis-'));
  const base = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--hz', '100'];
  const child = spawn(redisServer, [...base, ...(options.args ?? [])], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await answers(child, port);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    command: (line) => ask(port, line),
  };
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  for (const until = Date.now() + 15_000; Date.now() < until;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with exit code ${child.exitCode}`);
    if (await pong(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('redis-server did not answer within 15 s');
}

/** Any reply to PING counts: a server with a password answers an error, and is up. */
function pong(port: number): Promise<boolean> {
  return ask(port, 'PING', 1000).then(
    () => true,
    () => false,
  );
}

/** Sends an inline command and returns the first chunk of the reply. No client library: only packages/queue may use one. */
function ask(port: number, line: string, timeoutMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`));
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no reply to ${line}`)));
    socket.once('error', fail);
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString());
    });
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface TcpProxy {
  port: number;
  /** From now on accepts connections and bytes, and passes on nothing. No connection is closed. */
  blackHole(): void;
  /** Forwards again; all connections that are open now are closed. */
  restore(): void;
  close(): Promise<void>;
}

/** A TCP proxy in front of `targetPort` that can simulate a network which drops all packets and closes no connection. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let hole = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    return socket;
  };
  const server: Server = createServer((inbound) => {
    track(inbound);
    if (hole) return void inbound.resume();
    const outbound = track(connect(targetPort, '127.0.0.1'));
    inbound.on('data', (bytes) => void (hole || outbound.write(bytes)));
    outbound.on('data', (bytes) => void (hole || inbound.write(bytes)));
    inbound.on('close', () => outbound.destroy());
    outbound.on('close', () => void (hole || inbound.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as { port: number }).port,
    blackHole: () => void (hole = true),
    restore() {
      hole = false;
      cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
