import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Each test starts a process that hangs on purpose. The watchdog has to end it soon and say why.

const built = fileURLToPath(new URL('../dist/watchdog.js', import.meta.url));
let folder: string;
let fifo: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'solospark-watchdog-'));
  fifo = join(folder, 'nobody-writes');
  execFileSync('mkfifo', [fifo]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs these lines with `watchdog`; resolves with how the process ended. The test ends one that hangs, with SIGUSR1. */
function run(lines: string, options = '{ name: "test", loopStallMs: 60_000 }') {
  const script = `
    import { readFile } from 'node:fs/promises';
    import { startWatchdog } from ${JSON.stringify(built)};
    const watchdog = startWatchdog(${options});
    const holdAllThreads = () => Array.from({ length: 8 }, () => void readFile(${JSON.stringify(fifo)}));
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${lines}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 45_000,
    killSignal: 'SIGUSR1',
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  return new Promise<{ ended: number | NodeJS.Signals | null; said: string }>((resolve) => {
    child.once('close', (code, signal) => resolve({ ended: signal ?? code, said }));
  });
}

const killed = (reason: RegExp) => ({ ended: 'SIGKILL', said: expect.stringMatching(reason) });

describe('a process with a watchdog', () => {
  it('is killed when its event loop is blocked, and says so', async () => {
    const stuck = run('await wait(100); for (;;);', '{ name: "test", loopStallMs: 1_000 }');
    expect(await stuck).toEqual(
      killed(/"name":"test".*event loop was blocked for 1 s.*ended by its watchdog/),
    );
  });

  it('is killed when hanging file reads hold all of its threads', async () => {
    const options = '{ name: "test", loopStallMs: 60_000, poolStallMs: 1_000 }';
    const stuck = run('holdAllThreads(); await wait(60_000);', options);
    expect(await stuck).toEqual(killed(/threads were held for 1 s/));
  });

  it('is killed when it does not stop in time', async () => {
    expect(await run('watchdog.endWithin(1_000); await wait(60_000);')).toEqual(killed(/told to stop/));
  });

  it('is killed when its event loop is blocked while it has to stop', async () => {
    expect(await run('watchdog.endWithin(1_000); for (;;);')).toEqual(killed(/told to stop/));
  });

  it('is killed in process.exit, which would wait for ever while hanging file reads hold its threads', async () => {
    const stuck = run('holdAllThreads(); await wait(100); process.exit(0);');
    expect(await stuck).toEqual(killed(/could not exit/));
  });

  it('is not kept alive by the watchdog, and exits with its own code while nothing is wrong', async () => {
    expect(await run('await wait(600);')).toEqual({ ended: 0, said: '' });
    const busy = 'watchdog.endWithin(60_000); await wait(600); process.exit(3);';
    expect(await run(busy)).toEqual({ ended: 3, said: '' });
  });

  it('exits with its own code also right after the watchdog has asked the threads', async () => {
    // The watchdog's timer is older, so it asks the threads in the same event-loop turn, just before this exit.
    const exits = 'setTimeout(() => process.exit(1), 250);';
    const ended = [];
    for (let i = 0; i < 5; i += 1) {
      ended.push(await run(exits, '{ name: "test", loopStallMs: 60_000, poolStallMs: 60_000 }'));
    }
    expect(ended).toEqual(Array(5).fill({ ended: 1, said: '' }));
  });
});
