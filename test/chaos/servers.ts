import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryPort } from '../../scripts/lib/ports.mjs';
import { accountFor, findPrograms } from '../../scripts/lib/postgres-program.mjs';
import { startPostgres, stopPostgres } from '../../scripts/lib/postgres.mjs';
import { recordOf } from '../../scripts/lib/process-identity.mjs';

// The PostgreSQL and the Redis of one run, which can be stopped and started again on the same port.

/** Reserves a port below the ephemeral range, so that no outgoing connection takes it while its server is down. */
export async function reservePort(): Promise<number> {
  for (;;) {
    const port = await tryPort(randomInt(20_000, 32_000));
    if (port !== null) return port;
  }
}

export interface PostgresServer {
  urlOf(database: string): string;
  /** `fast` shuts down cleanly and closes all sessions; `immediate` is like a crash. */
  restart(mode: 'fast' | 'immediate', downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function openPostgres(): Promise<PostgresServer> {
  // Named like the other temporary servers, so that the next command removes what a killed run has left.
  const root = mkdtempSync(join(tmpdir(), 'solospark-postgres-'));
  chmodSync(root, 0o755);
  writeFileSync(join(root, 'owner.json'), JSON.stringify(recordOf(process.pid)), { mode: 0o600 });
  const dir = join(root, 'postgres');
  const programs = findPrograms(accountFor(dir), root);
  const password = randomBytes(18).toString('base64url');
  const port = await reservePort();
  // fsync may be off, because the machine does not crash. Nothing else is: commits must survive a crash of the server.
  const start = async () => {
    const server = await startPostgres(programs, {
      dir,
      password,
      port,
      extra: { fsync: 'off', max_connections: '400' },
    });
    if (server.port !== port) throw new Error(`PostgreSQL came back on port ${server.port}, not on ${port}`);
    return server;
  };
  const { urlOf } = await start();
  return {
    urlOf,
    async restart(mode, downMs) {
      await stopPostgres(dir, mode);
      await delay(downMs);
      await start();
    },
    async stop() {
      await stopPostgres(dir, 'immediate');
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export interface RedisServer {
  url: string;
  flush(): Promise<void>;
  down(): Promise<void>;
  /** Starts it with its append-only file, or empty. */
  up(options: { empty: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export async function openRedis(): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'solospark-redis-'));
  const data = join(dir, 'data');
  const port = await reservePort();
  let child: ChildProcess | undefined;

  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async flush() {
      await command(port, 'FLUSHALL');
    },
    async down() {
      const running = child;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await ended;
    },
    async up({ empty }) {
      if (empty) rmSync(data, { recursive: true, force: true });
      mkdirSync(data, { recursive: true });
      const settings = [
        '--appendonly',
        'yes',
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
        '--hz',
        '100',
      ];
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', data, ...settings];
      child = spawn('redis-server', args, { stdio: 'ignore', detached: true });
      for (const until = Date.now() + 15_000; Date.now() < until;) {
        const pong = await command(port, 'PING').catch(() => '');
        if (pong.startsWith('+PONG')) return;
        await delay(30);
      }
      throw new Error('redis-server did not answer within 15 s');
    },
    async stop() {
      await server.down();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await server.up({ empty: true });
  return server;
}

function command(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`));
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no reply to ${line}`)));
    socket.once('error', reject);
    // A server that is being killed may close the connection without a reply.
    socket.once('close', () => reject(new Error(`the connection closed before a reply to ${line}`)));
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
  });
}
