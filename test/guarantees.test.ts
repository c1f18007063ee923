import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// Each guarantee names the tests that prove it. A renamed or removed test must be noticed.

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const [said = '', list = ''] = read('docs/guarantees.md').split('## The tests');
const tests = [...list.matchAll(/^\| (\d+) +\| (\S+) +\| (.+?) +\|$/gm)].map(
  ([, number = '', file = '', name = '']) => ({ number, file, name }),
);

describe('docs/guarantees.md', () => {
  it('names tests that exist', () => {
    const missing = tests.filter(
      ({ file, name }) => !existsSync(join(root, file)) || !read(file).includes(name),
    );
    expect(missing).toEqual([]);
  });

  it('cites every listed test in the text, and no test that is not listed', () => {
    // Numbers of tests stand in the last cell of a row, or in brackets in the text.
    const places = [...said.matchAll(/\| ([^|\n]+?) +\|$|\((\d+(?:, [^()]+)?)\)/gm)].map(
      ([, cell, bracket]) => cell ?? bracket ?? '',
    );
    const cited = new Set(
      places.flatMap((place) => place.split(/,\s+/).filter((part) => /^\d+$/.test(part))),
    );
    const byNumber = (one: string, other: string) => Number(one) - Number(other);
    expect([...cited].sort(byNumber)).toEqual(tests.map(({ number }) => number));
  });

  it('names fail points and mixes that exist', () => {
    const points = read('packages/domain/src/delivery/steps.ts');
    const named = [...said.matchAll(/`((?:after|before)-[a-z]+)`/g)].map(([, point]) => point);
    expect(named.filter((point) => !points.includes(`'${point}'`))).toEqual([]);
    const mixes = read('test/chaos/mixes.ts');
    const mixed = [...said.matchAll(/mix\s+`([a-z-]+)`/g)].map(([, mix]) => mix);
    expect(mixed.filter((mix) => !mixes.includes(`name: '${mix}'`))).toEqual([]);
    expect([named.length, mixed.length].map((found) => found > 3)).toEqual([true, true]);
  });
});
