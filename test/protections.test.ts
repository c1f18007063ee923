import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { protections } from './chaos/protections.ts';

// `npm run chaos:prove` takes most of an hour and is run by hand. This test checks that its patterns still match the built code.

it.each(
  protections.flatMap(({ name, patches }) => patches.map((patch) => [name, patch.file, patch.find] as const)),
)('%s can be switched off in %s', (_name, file, find) => {
  const built = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  expect(built.search(find)).toBeGreaterThanOrEqual(0);
});
