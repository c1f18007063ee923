// @ts-check
import { transform } from '@swc/core';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes the bench's files to `dist/` as JavaScript, for the processes that are measured. A transformer inside of them would be
 * measured as well.
 */
export async function transformBench() {
  const root = import.meta.dirname;
  /** @type {object} swc's own type lacks the last option */
  const jsc = {
    parser: { syntax: 'typescript' },
    target: 'es2023',
    rewriteRelativeImportExtensions: true,
  };
  const settings = { jsc, module: { type: /** @type {const} */ ('es6') }, swcrc: false };
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => /^(?!node_modules|dist).*\.ts$/.test(name))) {
    const { code } = await transform(readFileSync(join(root, file), 'utf8'), settings);
    const target = join(root, 'dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    // Written and renamed, because another bench may be reading the file.
    writeFileSync(`${target}.${process.pid}`, code);
    renameSync(`${target}.${process.pid}`, target);
  }
}
