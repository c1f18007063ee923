import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestApp, type TestApp } from '../support/app.ts';
import { envOf, startProcess, type AppProcess } from '../support/processes.ts';
import { freePort } from '../support/queue.ts';

export interface Life {
  signal: AbortSignal;
  onClose(close: () => Promise<void> | void): void;
}

/** Lets a test force a garbage collection. Otherwise the memory of the process includes garbage that V8 has not collected yet. */
const COLLECTS_GARBAGE = `
  import v8 from 'node:v8';
  import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  process.on('SIGWINCH', () => collect());
`;

/** Starts a built API as its own process, on the database and the sandbox of a `TestApp`. */
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

/** Resident memory in MB after a garbage collection. */
export async function heldMb(app: AppProcess): Promise<number> {
  app.signal('SIGWINCH');
  await delay(5_000);
  return residentMb(app.pid);
}

/** Resident memory in MB, read from /proc. */
export function residentMb(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(line) / 1_024);
  } catch {
    return Number.NaN;
  }
}
