import { afterEach, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A child whose parent has ended must not go on publishing, and must free its port.

const exitWithParent = new URL('../scripts/lib/exit-with-parent.mjs', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'solospark-child-'));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A child that never ends by itself, and sends a message when it runs. */
const startChild = () => {
  const script = join(folder, 'child.mjs');
  writeFileSync(script, `setInterval(() => undefined, 1000); if (process.connected) process.send('runs');`);
  const child = fork(script, [], { execArgv: ['--import', exitWithParent] });
  children.push(child);
  return child;
};

it('a child ends with its parent, also when the parent ended before the child was loaded', async () => {
  const [early, late] = [startChild(), startChild()];
  early.disconnect();
  const ended = Promise.all([once(early, 'exit'), once(late, 'exit')]);
  await once(late, 'message');
  late.disconnect();
  expect(await ended).toEqual([
    [null, 'SIGTERM'],
    [null, 'SIGTERM'],
  ]);
}, 60_000);
