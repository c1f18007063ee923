import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { release } from '../scripts/lib/release.mjs';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let root: string;
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};
const manifest = '{\n  "name": "a",\n  "version": "0.1.0",\n  "dependencies": {\n    "b": "0.1.0"\n  }\n}\n';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'solospark-release-'));
  folders.push(root);
  git('init', '--quiet');
  git('config', 'user.email', 'test@solospark.invalid');
  git('config', 'user.name', 'Test');
  write('package.json', manifest);
  write('packages/a/package.json', manifest);
  write('packages/foundation/src/version.ts', "export const VERSION = '0.1.0';\n");
  write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n- News.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Begin');
});

describe('a release', () => {
  it('writes the version everywhere, closes "Unreleased" in the changelog, and makes one commit with a tag', () => {
    expect(release(root, '0.2.0', '2026-11-28')).toBe('v0.2.0');
    for (const file of ['package.json', 'packages/a/package.json']) {
      expect(JSON.parse(read(file))).toEqual({ name: 'a', version: '0.2.0', dependencies: { b: '0.1.0' } });
    }
    expect(read('packages/foundation/src/version.ts')).toBe("export const VERSION = '0.2.0';\n");
    expect(read('CHANGELOG.md')).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-28\n\n- News.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n',
    );
    expect(git('status', '--porcelain')).toBe('');
    expect(git('rev-parse', 'v0.2.0^{commit}')).toBe(git('rev-parse', 'HEAD'));
  });

  it.each([
    ['an invalid version', 'next', () => undefined, /is no version/],
    ['a version that exists already', '0.2.0', () => git('tag', 'v0.2.0'), /exists already/],
    ['uncommitted changes', '0.2.0', () => write('package.json', '{}'), /not committed/],
    [
      'an empty "Unreleased" chapter',
      '0.1.1',
      () => {
        write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n\n- Old.\n');
        git('commit', '--quiet', '--all', '--message', 'Empty');
      },
      /nothing under/,
    ],
  ])('is refused for %s, and then changes nothing', (_why, version, prepare, sentence) => {
    prepare();
    const before = [git('rev-parse', 'HEAD'), read('CHANGELOG.md'), read('package.json')];
    expect(() => release(root, version, '2026-11-28')).toThrow(sentence);
    expect([git('rev-parse', 'HEAD'), read('CHANGELOG.md'), read('package.json')]).toEqual(before);
  });
});
