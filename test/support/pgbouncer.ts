import { describe } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findProgram } from './program.ts';
import { freePort } from './queue.ts';

// Starts a real PgBouncer, a connection pooler, in front of a test's database.

// Debian installs it in /usr/sbin, which is not on the PATH of most users.
const program = findProgram('pgbouncer') ?? ['/usr/sbin/pgbouncer'].find((path) => existsSync(path));

/** A suite that uses PgBouncer. Without it, each of its tests is reported as skipped. */
export const describeWithPgbouncer = program ? describe : describe.skip;

export interface Pgbouncer {
  /** The same database, through the pooler. */
  url: string;
  stop(): Promise<void>;
}

/** Starts it in transaction mode, with its defaults for the rest. Resolves when it answers. */
export async function startPgbouncer(url: string, { poolSize }: { poolSize: number }): Promise<Pgbouncer> {
  if (!program) throw new Error('there is no pgbouncer');
  const target = new URL(url);
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'solospark-pgbouncer-'));
  // PgBouncer refuses to run as root; the other user has to be able to read its configuration.
  chmodSync(dir, 0o755);
  const settings = [
    '[databases]',
    `* = host=${target.hostname} port=${target.port || 5432} user=${target.username} password=${target.password}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1`,
    `listen_port = ${port}`,
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'unix_socket_dir =',
    ...(process.getuid?.() === 0 ? ['user = nobody'] : []),
  ];
  writeFileSync(join(dir, 'pgbouncer.ini'), `${settings.join('\n')}\n`);
  const child = spawn(program, [join(dir, 'pgbouncer.ini')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  target.hostname = '127.0.0.1';
  target.port = String(port);
  for (const until = Date.now() + 15_000; ; await delay(50)) {
    if (await answers(target.href)) return { url: target.href, stop };
    if (Date.now() < until && child.exitCode === null) continue;
    await stop();
    throw new Error(`pgbouncer did not answer:\n${output}`);
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
