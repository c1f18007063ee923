import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Record } from './record.ts';

// Runs one of our programs as a child that can be killed, paused and restarted. It is also restarted after a fail point killed it.

export interface Supervised {
  name: string;
  /** Starts it with `extra` added to its environment, and resolves when it is ready. */
  start(extra?: { [name: string]: string }): Promise<void>;
  /** kill -9; it stays down for `downMs`. */
  kill(downMs: number): Promise<void>;
  /** SIGSTOP, and SIGCONT after `forMs`. */
  pause(forMs: number): Promise<void>;
  /** Sends SIGTERM, waits for its end, and starts it again, with another environment if one is given. */
  restart(extra?: { [name: string]: string }): Promise<void>;
  /** Kills it for good. */
  end(): Promise<void>;
}

const exitWithParent = new URL('../../scripts/lib/exit-with-parent.mjs', import.meta.url).href;
const skewClock = new URL('./skew-clock.mjs', import.meta.url).href;
const failPoints = new URL('./fail-points.mjs', import.meta.url).href;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;

export function supervise(options: {
  name: string;
  root: string;
  script: string;
  env: { [name: string]: string };
  logs: string;
  record: Record;
}): Supervised {
  const { name, record } = options;
  const log = createWriteStream(join(options.logs, `${name.replace(' ', '-')}.log`), { flags: 'a' });
  let child: ChildProcess | undefined;
  let extra: { [name: string]: string } = {};
  /** True while it should run: then it is started again whenever it ends. */
  let wanted = false;
  let starting: Promise<void> = Promise.resolve();

  function launch(): Promise<void> {
    const started = spawn(
      process.execPath,
      [
        '--import',
        exitWithParent,
        '--import',
        skewClock,
        '--import',
        failPoints,
        join(options.root, options.script),
      ],
      {
        cwd: options.root,
        env: {
          PATH: process.env['PATH'] ?? '',
          SOLOSPARK_HOME: '/nonexistent',
          NODE_ENV: 'test',
          ...options.env,
          ...extra,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
      },
    );
    child = started;
    started.stdout?.pipe(log, { end: false });
    let complaints = '';
    started.stderr?.on('data', (bytes: Buffer) => {
      log.write(bytes);
      complaints = (complaints + bytes.toString()).slice(-2_000);
      for (const [, point = '', act = ''] of bytes.toString().matchAll(/^fail point (\S+): (\S+)$/gm)) {
        noteFailPoint(point, act);
      }
    });
    const ended = new Promise<string>((resolve) => {
      started.once('error', (error) => resolve(error.message));
      started.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
    void ended.then((how) => {
      log.write(`--- ended: ${how} at ${new Date().toISOString()}\n`);
      if (!wanted || child !== started) return;
      if (how !== 'SIGKILL')
        record.crashes.push(`${name} ended by itself (${how}): ${complaints.trim().slice(-600)}`);
      starting = delay(500).then(() => (wanted && child === started ? launch() : undefined));
      starting.catch((error: unknown) => record.log(`${name} cannot be started: ${String(error)}`));
    });
    const ready = new Promise<void>((resolve) => {
      started.on('message', (message) => message === 'ready' && resolve());
    });
    return Promise.race([
      ready,
      // It may be killed while it starts; then the caller of `kill` waits for the next start.
      ended.then(() => undefined),
      delay(READY_WITHIN_MS, undefined, { ref: false }).then(() => {
        throw new Error(`${name} was not ready within ${READY_WITHIN_MS / 1000} s`);
      }),
    ]);
  }

  function noteFailPoint(point: string, act: string): void {
    const pausedMs = Number(act.split(':')[1] ?? 0);
    const from = Date.now();
    // A killed process is back after about two seconds; its deliveries are free when their leases expire.
    record.incidents.push({
      kind: `${act.split(':')[0]} at ${point}`,
      target: name,
      from,
      to: from + (pausedMs || 2_000),
    });
  }

  async function endNow(signal: NodeJS.Signals): Promise<void> {
    wanted = false;
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    running.kill(signal);
    const tooLong = new AbortController();
    await Promise.race([
      ended,
      delay(STOP_WITHIN_MS, undefined, { signal: tooLong.signal }).then(
        () => record.log(`${name} did not stop within ${STOP_WITHIN_MS / 1000} s`),
        () => undefined,
      ),
    ]);
    tooLong.abort();
    if (running.exitCode === null && running.signalCode === null) {
      running.kill('SIGKILL');
      await ended;
    }
  }

  return {
    name,
    async start(newExtra = extra) {
      extra = newExtra;
      wanted = true;
      await launch();
    },
    async kill(downMs) {
      await endNow('SIGKILL');
      await delay(downMs);
      wanted = true;
      await launch();
    },
    async pause(forMs) {
      const running = child;
      running?.kill('SIGSTOP');
      await delay(forMs);
      running?.kill('SIGCONT');
    },
    async restart(newExtra = extra) {
      await endNow('SIGTERM');
      extra = newExtra;
      wanted = true;
      await launch();
    },
    async end() {
      wanted = false;
      await starting.catch(() => undefined);
      child?.kill('SIGCONT');
      await endNow('SIGKILL');
      log.end();
    },
  };
}
