import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

// Starts a process that is measured, or that measures. Its output goes directly to a file, not through this process.

const exitWithParent = new URL('../scripts/lib/exit-with-parent.mjs', import.meta.url).href;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;

export interface Child {
  name: string;
  pid: number;
  process: ChildProcess;
  /** Sends the signal and waits for the end; does nothing when it has ended already. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface ChildOptions {
  name: string;
  /** Path of the script. */
  script: string;
  args?: string[];
  nodeArgs?: string[];
  cwd?: string;
  env: { [name: string]: string };
  logs: string;
}

/** The path of a transformed file of the bench, such as `platform/stand-in`, which runs in its own process. */
export function benchScript(name: string): string {
  return join(import.meta.dirname, 'dist', `${name}.js`);
}

/** Resolves when the process sends `ready`. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, script } = options;
  const path = join(options.logs, `${name.replaceAll(' ', '-')}.log`);
  const log = openSync(path, 'a');
  const started = spawn(
    process.execPath,
    ['--import', exitWithParent, ...(options.nodeArgs ?? []), script, ...(options.args ?? [])],
    {
      cwd: options.cwd,
      // A production environment, without settings of this machine.
      env: {
        PATH: process.env['PATH'] ?? '',
        SOLOSPARK_HOME: '/nonexistent',
        NODE_ENV: 'production',
        ...options.env,
      },
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    started.once('error', (error) => resolve(error.message));
    started.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const child: Child = {
    name,
    pid: started.pid ?? 0,
    process: started,
    async end(signal) {
      if (started.exitCode !== null || started.signalCode !== null) return;
      started.kill(signal);
      const stopped = await within(STOP_WITHIN_MS, ended);
      if (stopped === undefined) started.kill('SIGKILL');
      await ended;
    },
  };
  const ready = new Promise<'ready'>((resolve) => {
    started.on('message', (message) => message === 'ready' && resolve('ready'));
  });
  const outcome = await within(READY_WITHIN_MS, Promise.race([ready, ended]));
  if (outcome === 'ready') return child;
  await child.end('SIGKILL');
  const last = readFileSync(path, 'utf8').trim().split('\n').slice(-15).join('\n');
  throw new Error(`${name} did not start (${outcome ?? 'no answer'}):\n${last}`);
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const waiting = new AbortController();
  const timeout = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  const first = await Promise.race([promise, timeout]);
  waiting.abort();
  return first ?? undefined;
}
