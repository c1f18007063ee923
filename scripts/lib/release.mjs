// @ts-check
// Makes a release: sets the version in every package.json and in the code, closes "Unreleased" in the changelog, commits and tags.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './report.mjs';

const CHAPTER = '## [Unreleased]';

/**
 * @param {string} root of a git checkout
 * @param {string} version
 * @param {string} day such as 2026-11-28
 * @returns {string} the name of the tag
 * @throws PlainError before anything is changed
 */
export function release(root, version, day) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  if (!/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.test(version)) {
    throw new PlainError(`"${version}" is no version: npm run release -- 0.2.0`);
  }
  const tag = `v${version}`;
  if (git('tag', '--list', tag) !== '') throw new PlainError(`The tag ${tag} exists already.`);
  if (git('status', '--porcelain') !== '') throw new PlainError('There are changes that are not committed.');
  const changelog = read('CHANGELOG.md');
  const [head = '', ...rest] = changelog.split(`${CHAPTER}\n`);
  const [news = ''] = (rest[0] ?? '').split(/^## \[/m);
  if (!/^- /m.test(news)) throw new PlainError(`CHANGELOG.md has nothing under "${CHAPTER}".`);

  const manifests = git('ls-files', 'package.json', '*/package.json').split('\n');
  for (const file of manifests) {
    write(file, read(file).replace(/^( {2}"version": ")[^"]+(",)$/m, `$1${version}$2`));
  }
  const code = 'packages/foundation/src/version.ts';
  write(code, read(code).replace(/(VERSION = ')[^']+/, `$1${version}`));
  write('CHANGELOG.md', [`${head}${CHAPTER}\n\n## [${version}] - ${day}\n`, ...rest].join(''));
  git('commit', '--all', '--message', `Release ${version}`);
  git('tag', '--annotate', tag, '--message', `SoloSpark ${version}`);
  return tag;

  /** @param {string} file */
  function read(file) {
    return readFileSync(join(root, file), 'utf8');
  }

  /** @param {string} file @param {string} text */
  function write(file, text) {
    writeFileSync(join(root, file), text);
  }
}
