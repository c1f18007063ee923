// @ts-check
// Installs the dependencies with the pinned pnpm, and only when something changed. Until this has run, only Node's own modules can be
// imported.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from './home.mjs';
import { interrupted } from './command.mjs';
import { guardAgainstOurDeath } from './guard.mjs';
import { holderOf, withLock } from './lock.mjs';
import { hasEnded, isRunning, recordOf, send } from './process-identity.mjs';
import { PlainError, say, step } from './report.mjs';

const minimumNode = [20, 19];
const interruptGraceMs = 5_000;
const manifest = JSON.parse(readFileSync(join(repoRoot, 'package.json'), 'utf8'));
/** For example `pnpm@12.21.0`. Only package.json has the version. */
export const pinnedPnpm = String(manifest.packageManager);

const modulesDir = join(repoRoot, 'node_modules');
const cacheDir = join(modulesDir, '.cache', 'solospark');
/** Written by a finished installation; it does not exist during an installation. */
const inventoryPath = join(cacheDir, 'installed.json');
const unfinishedPath = join(cacheDir, 'unfinished');
const usersDir = join(cacheDir, 'users');
/** Holds a `pnpm` for turbo, which starts every package's script through one. */
export const pnpmDir = join(cacheDir, 'bin');

/**
 * Installs the dependencies unless they are complete and of the right versions.
 * @param {{ quiet?: boolean }} [options] quiet: print nothing unless there is something to do
 * @throws PlainError when a stack runs from this folder, because an installation would remove its files
 */
export async function ensureInstalled({ quiet = false } = {}) {
  checkMachine();
  if (isInstalled()) return;
  await withLock(
    join(cacheDir, 'install.lock'),
    ({ pid }) => say(`Another command (pid ${pid}) is installing in this folder; waiting for it …`),
    async () => {
      // Another command may have installed them while we waited for the lock.
      if (isInstalled()) return;
      refuseWhileInUse();
      const half = isHalfInstalled();
      if (half) say('The dependencies in this folder are incomplete, as after an interrupted installation.');
      // Written first, so that the next command knows about an interrupted installation.
      rmSync(inventoryPath, { force: true });
      writeFileSync(unfinishedPath, '');
      if (half) forgetInstallation();
      await step(`Installing dependencies with ${pinnedPnpm}`, install, { quiet: false });
      writePnpm(await pathOfPnpm());
      writeFileSync(inventoryPath, JSON.stringify({ stamp: wantedStamp(), packages: installedPackages() }));
      rmSync(unfinishedPath, { force: true });
      if (quiet) say('Dependencies are installed.');
    },
  );
}

/** Keeps other commands from installing in this folder while this process runs. */
export function useInstallation() {
  const path = join(usersDir, String(process.pid));
  mkdirSync(usersDir, { recursive: true });
  writeFileSync(path, JSON.stringify(recordOf(process.pid)));
  process.once('exit', () => rmSync(path, { force: true }));
}

function refuseWhileInUse() {
  const users = existsSync(usersDir)
    ? readdirSync(usersDir).map((name) => holderOf(join(usersDir, name)))
    : [];
  const [user] = users.filter((record) => record !== null && record.pid !== process.pid && isRunning(record));
  if (!user) return;
  throw new PlainError(
    `The dependencies in this folder have to be installed again, and SoloSpark runs from it (pid ${user.pid}): that would take ` +
      'its files away. Stop it (Ctrl-C there), then run this command again.',
  );
}

/** @throws PlainError naming what is needed instead */
function checkMachine() {
  if (process.platform === 'win32') {
    throw new PlainError('SoloSpark runs on Linux and macOS. On Windows, use WSL.');
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = minimumNode;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new PlainError(
      `SoloSpark needs Node ${minimumNode.join('.')} or newer (24 is best); this is ${process.version}.`,
    );
  }
}

/** @returns {{ stamp: string, packages: string[] } | null} the result of the last finished installation */
function readInventory() {
  try {
    return JSON.parse(readFileSync(inventoryPath, 'utf8'));
  } catch {
    return null;
  }
}

/** Checks the packages as well as the stamp: a pnpm that was run by hand and interrupted leaves the stamp unchanged. */
function isInstalled() {
  const inventory = readInventory();
  return (
    inventory?.stamp === wantedStamp() &&
    existsSync(join(pnpmDir, 'pnpm')) &&
    hasPackages(inventory.packages) &&
    hasDirectDependencies()
  );
}

/** An installation exists, but it is incomplete, so pnpm's own notes about it are wrong. */
function isHalfInstalled() {
  if (!existsSync(join(modulesDir, '.pnpm'))) return false;
  if (existsSync(unfinishedPath)) return true;
  const inventory = readInventory();
  // Of an installation that pnpm made without us, only the direct dependencies can be checked.
  return inventory === null ? !hasDirectDependencies() : !hasPackages(inventory.packages);
}

/** @param {string[]} packages */
function hasPackages(packages) {
  const store = join(modulesDir, '.pnpm');
  // pnpm writes these two files last, and removes them first when it cannot install in place.
  const notes = [join(modulesDir, '.modules.yaml'), join(store, 'lock.yaml')];
  return [...notes, ...packages.map((name) => join(store, name, 'package.json'))].every((path) =>
    existsSync(path),
  );
}

/** Whether each package finds its direct dependencies, except optional ones, which not every machine has. */
function hasDirectDependencies() {
  return ['package.json', ...workspaceManifests()].every((path) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(repoRoot, path), 'utf8'),
    );
    const modules = join(repoRoot, path, '..', 'node_modules');
    return Object.keys({ ...dependencies, ...devDependencies }).every((name) =>
      existsSync(join(modules, name, 'package.json')),
    );
  });
}

/** Every package of pnpm's store in this folder, relative to it. */
function installedPackages() {
  const store = join(modulesDir, '.pnpm');
  return readdirSync(store)
    .map((entry) => join(entry, 'node_modules'))
    .filter((modules) => existsSync(join(store, modules)))
    .flatMap((modules) => realPackages(store, modules));
}

/**
 * The real packages in a folder of the store; the other entries are links.
 * @param {string} store
 * @param {string} folder
 * @returns {string[]}
 */
function realPackages(store, folder) {
  return readdirSync(join(store, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [];
    if (entry.name.startsWith('@')) return realPackages(store, path);
    return existsSync(join(store, path, 'package.json')) ? [path] : [];
  });
}

/** Removes pnpm's notes, with which it would treat the folder as complete. The next installation then makes all links again. */
function forgetInstallation() {
  for (const name of ['.modules.yaml', '.pnpm-workspace-state-v1.json', join('.pnpm', 'lock.yaml')]) {
    rmSync(join(modulesDir, name), { force: true });
  }
}

function wantedStamp() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...workspaceManifests()]) {
    hash.update(path).update(readFileSync(join(repoRoot, path)));
  }
  return hash.digest('hex');
}

function workspaceManifests() {
  const rooms = ['apps', 'packages'].flatMap((floor) =>
    readdirSync(join(repoRoot, floor))
      .sort()
      .map((name) => join(floor, name)),
  );
  return [...rooms, 'bench', 'scripts', 'test']
    .map((folder) => join(folder, 'package.json'))
    .filter((path) => existsSync(join(repoRoot, path)));
}

async function install() {
  // With NODE_ENV=production pnpm would leave out the build tools. A question would wait for ever without a terminal.
  const code = await run('npx', [
    '-y',
    pinnedPnpm,
    'install',
    '--frozen-lockfile',
    '--prod=false',
    '--config.confirmModulesPurge=false',
  ]);
  if (code !== 0) {
    throw new PlainError(
      'The dependencies could not be installed; the lines above say why. If pnpm-lock.yaml does not match a ' +
        `package.json that was edited, run: npx -y ${pinnedPnpm} install`,
    );
  }
}

/** The path of the pinned pnpm in npx's cache. Starting it from there saves three seconds of npx for every package. */
async function pathOfPnpm() {
  const script = `console.log(process.env.PATH.split(':').map((dir) => dir + '/pnpm').find((path) => require('fs').existsSync(path)) ?? '')`;
  const child = spawn('npx', ['-y', '-p', pinnedPnpm, 'node', '-e', script], {
    cwd: repoRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await new Promise((resolve) => child.on('error', resolve).on('close', resolve));
  return output.trim();
}

/** @param {string} path of the real pnpm; when it does not exist any more, npx downloads it again */
function writePnpm(path) {
  mkdirSync(pnpmDir, { recursive: true });
  const file = join(pnpmDir, 'pnpm');
  writeFileSync(file, `#!/bin/sh\n[ -x '${path}' ] && exec '${path}' "$@"\nexec npx -y ${pinnedPnpm} "$@"\n`);
  chmodSync(file, 0o755);
}

/**
 * Runs a program to its end. It leads a process group, so that an interruption also ends its children.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] quiet: show its output only when it fails
 * @returns {Promise<number>} its exit code
 */
export async function run(command, args, { cwd = repoRoot, env = process.env, quiet = false } = {}) {
  interrupted.throwIfAborted();
  const output = quiet ? 'pipe' : 'inherit';
  const child = spawn(command, args, { cwd, stdio: ['ignore', output, output], env, detached: true });
  /** @type {Buffer[]} */
  const held = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => held.push(data));
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new PlainError(`${command} could not be started: ${error.message}`)));
    child.on('close', (code) => resolve(code ?? 1));
  });
  const record = recordOf(child.pid ?? -1);
  const release = guardAgainstOurDeath({ kind: 'process', record, graceMs: interruptGraceMs });
  const stop = () => void endGroup(record);
  interrupted.addEventListener('abort', stop, { once: true });
  try {
    const code = await ended;
    // Its children may run a little longer; end them, so that they do not write after us.
    if (interrupted.aborted) await endGroup(record);
    else if (code !== 0) process.stderr.write(Buffer.concat(held));
    interrupted.throwIfAborted();
    return code;
  } finally {
    interrupted.removeEventListener('abort', stop);
    release();
  }
}

/** @param {import('./process-identity.mjs').ProcessRecord} leader */
async function endGroup(leader) {
  if (leader.pid < 1) return;
  send(-leader.pid, 'SIGTERM');
  await hasEnded(leader, interruptGraceMs);
  send(-leader.pid, 'SIGKILL');
}
