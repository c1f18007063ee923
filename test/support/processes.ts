import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { TestApp } from './app.ts';

// Starts the built apps as real processes, which a test can signal and kill.

export interface AppProcess {
  child: ChildProcess;
  pid: number;
  /** Everything it has printed so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
}

/** Starts a built app and resolves when it reports that it is ready; rejects with its output if it ends before. */
export async function startProcess(app: 'api' | 'worker', env: Record<string, string>): Promise<AppProcess> {
  const process = launch(app, env);
  const ready = new Promise<void>((resolve) => process.child.once('message', () => resolve()));
  const early = process.exited.then((code) => {
    throw new Error(`${app} ended (${code}) before it was ready:\n${process.output()}`);
  });
  await Promise.race([ready, early]);
  early.catch(() => undefined);
  return process;
}

/** Starts a built app without waiting until it is ready. */
export function launch(app: 'api' | 'worker', env: Record<string, string>): AppProcess {
  const main = fileURLToPath(new URL(`../../apps/${app}/bundle/main.js`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Not the environment of the test run, and not the files of a stack that runs in this checkout.
    env: { PATH: process.env['PATH'] ?? '', SOLOSPARK_HOME: '/nonexistent', ...env },
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    signal: (name) => void child.kill(name),
    exited,
  };
}

/** The environment with which a process joins a `TestApp`'s installation. */
export function envOf(app: TestApp): Record<string, string> {
  return {
    DATABASE_URL: app.databaseUrl,
    SANDBOX_URL: app.sandboxUrl,
    PUBLIC_URL: app.url,
    SEALING_KEYS: app.sealingKeys,
    MEDIA_SIGNING_KEY: app.ctx.settings.mediaSigningKey,
    BETTER_AUTH_SECRET: randomBytes(32).toString('hex'),
    MEDIA_DIR: app.mediaDirectory,
  };
}
