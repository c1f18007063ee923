import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchSources } from '../scripts/lib/watch-sources.mjs';

// `npm run worker:dev` builds again after every save, however the editor writes the file.

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

/** The change that the caller waits for. The generator runs only while one is awaited. */
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

it('every save that renames a new file over the old one is reported, not only the first (vim, `sed -i` and git do so)', async () => {
  for (let save = 0; save < 4; save += 1) {
    writeFileSync(`${file}.new`, `by rename ${save}`);
    renameSync(`${file}.new`, file);
    expect(await nextChange()).toBe(file);
    waitOn();
  }
  execFileSync('sed', ['-i', '-e', 's/rename/sed/', file]);
  expect(await nextChange()).toBe(file);
});

it('a save during a build is reported after the build', async () => {
  writeFileSync(file, 'first');
  expect(await nextChange()).toBe(file);
  // During a build no change is awaited.
  writeFileSync(file, 'second, during the build');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  waitOn();
  expect(await nextChange()).toBe(file);
});

it('a burst of saves is reported once, and files that are no sources are not reported', async () => {
  for (const name of ['two.ts', 'three.ts', 'notes.txt']) writeFileSync(join(folder, name), name);
  mkdirSync(join(folder, 'generated'));
  writeFileSync(join(folder, 'generated', 'client.ts'), 'made by a build');
  expect(await nextChange()).toMatch(/(two|three)\.ts$/);
  waitOn();
  const silence = new Promise<string>((resolve) => setTimeout(() => resolve('silence'), 1_500));
  expect(await Promise.race([nextChange(), silence])).toBe('silence');
});
