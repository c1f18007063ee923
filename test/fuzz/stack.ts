import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../support/app.ts';
import { envOf, startProcess, type AppProcess } from '../support/processes.ts';
import { freePort } from '../support/queue.ts';

export interface Life {
  signal: AbortSignal;
  onClose(close: () => Promise<void> | void): void;
}

/** Without it the memory of a process says when V8 last found it worth its while, and not what is held. */
const COLLECTS_GARBAGE = `
  import v8 from 'node:v8';
  import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  process.on('SIGWINCH', () => collect());
`;

/** A built API as a process of its own, on the database and the sandbox of a `TestApp`. */
export async function startStack(
  life: Life,
  settings: Record<string, string> = {},
): Promise<{ app: TestApp; api: AppProcess; url: string }> {
  const app = await startTestApp();
  life.onClose(() => app.close());
  const port = String(await freePort());
  const api = await startProcess('api', {
    ...envOf(app),
    ...settings,
    PORT: port,
    LOG_LEVEL: 'error',
    NODE_ENV: 'production',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(COLLECTS_GARBAGE)}`,
  });
  life.onClose(async () => {
    api.signal('SIGKILL');
    await api.exited;
  });
  return { app, api, url: `http://127.0.0.1:${port}` };
}

/** Resident memory in MB, of what is held and not of what is garbage. */
export async function heldMb(app: AppProcess): Promise<number> {
  app.signal('SIGWINCH');
  await delay(5_000);
  return residentMb(app.pid);
}

/** Resident memory in MB, where /proc tells it. */
export function residentMb(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(line) / 1_024);
  } catch {
    return Number.NaN;
  }
}
