import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchSources } from '../scripts/lib/watch-sources.mjs';

// What `npm run worker:dev` builds again for: every save, however an editor saves.

let folder: string;
let file: string;
let stop: AbortController;
let changes: AsyncGenerator<string>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solospark-watch-'));
  mkdirSync(join(folder, 'deep'));
  file = join(folder, 'deep', 'one.ts');
  writeFileSync(file, 'one');
  stop = new AbortController();
  const { promise, resolve } = withResolvers();
  changes = watchSources([folder], stop.signal, { onReady: resolve });
  pending = changes.next();
  await promise;
});
afterEach(async () => {
  stop.abort();
  await changes.return(undefined);
  rmSync(folder, { recursive: true, force: true });
});

/** What the caller waits for: the generator runs only while somebody does. */
let pending: Promise<IteratorResult<string>>;
const nextChange = async () => {
  const { value } = await pending;
  return value as string;
};
const waitOn = () => void (pending = changes.next());

function withResolvers() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

it('every save is seen that renames a new file over the old one, as vim, `sed -i` and git do, and not only the first', async () => {
  for (let save = 0; save < 4; save += 1) {
    writeFileSync(`${file}.new`, `by rename ${save}`);
    renameSync(`${file}.new`, file);
    expect(await nextChange()).toBe(file);
    waitOn();
  }
  execFileSync('sed', ['-i', '-e', 's/rename/sed/', file]);
  expect(await nextChange()).toBe(file);
});

it('a save while the one before is being built is told when that is done', async () => {
  writeFileSync(file, 'first');
  expect(await nextChange()).toBe(file);
  // The build: nobody waits for a change meanwhile.
  writeFileSync(file, 'second, during the build');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  waitOn();
  expect(await nextChange()).toBe(file);
});

it('a burst is told once, and what is no source is not told', async () => {
  for (const name of ['two.ts', 'three.ts', 'notes.txt']) writeFileSync(join(folder, name), name);
  mkdirSync(join(folder, 'generated'));
  writeFileSync(join(folder, 'generated', 'client.ts'), 'made by a build');
  expect(await nextChange()).toMatch(/(two|three)\.ts$/);
  waitOn();
  const silence = new Promise<string>((resolve) => setTimeout(() => resolve('silence'), 1_500));
  expect(await Promise.race([nextChange(), silence])).toBe('silence');
});
