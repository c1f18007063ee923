import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

const importTypescript = new URL('../../../../test/support/import-typescript.mjs', import.meta.url).href;

/** Runs a TypeScript file of this folder as a separate process. */
export function runTypescript(name: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
  const file = new URL(name, import.meta.url).pathname;
  return spawn(process.execPath, ['--import', importTypescript, '--conditions=source', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
