// @ts-check
// A temporary Redis for one run, if the machine has redis-server: no npm package contains one.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardAgainstOurDeath } from './guard.mjs';
import { freePort } from './ports.mjs';
import { endProcess, recordOf } from './process-identity.mjs';
import { PlainError } from './report.mjs';

/** @typedef {{ url: string, stop: () => Promise<void> }} Redis */

/** @returns {Promise<Redis | null>} null when there is no `redis-server` on the PATH */
export async function startThrowAwayRedis() {
  if (spawnSync('redis-server', ['--version']).status !== 0) return null;
  const dir = mkdtempSync(join(tmpdir(), 'solospark-redis-'));
  const log = join(dir, 'redis.log');
  for (let tries = 0; tries < 3; tries += 1) {
    const port = await freePort();
    const options = { port, bind: '127.0.0.1', dir, logfile: log, appendonly: 'no', save: '', hz: 100 };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn('redis-server', args, { detached: true, stdio: 'ignore', cwd: dir });
    const { pid } = child;
    if (pid === undefined) break;
    const record = recordOf(pid);
    const release = guardAgainstOurDeath({ kind: 'server', record, signal: 'SIGTERM' });
    const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    const answers = await Promise.race([isAnswering(port), ended.then(() => false)]);
    if (!answers) {
      release();
      continue;
    }
    const releaseFolder = guardAgainstOurDeath({ kind: 'remove', paths: [dir] });
    return {
      url: `redis://127.0.0.1:${port}`,
      async stop() {
        await endProcess(record, { graceMs: 5_000 });
        rmSync(dir, { recursive: true, force: true });
        for (const done of [release, releaseFolder]) done();
      },
    };
  }
  const reason = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-3).join('\n');
  rmSync(dir, { recursive: true, force: true });
  throw new PlainError(`redis-server did not start:\n${reason}`);
}

/** @param {number} port */
async function isAnswering(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.setTimeout(1_000, () => resolve(false));
    });
    if (open) return true;
    await delay(50);
  }
  return false;
}
