// @ts-check
// Dependencies: installed with the pinned pnpm, and only when something changed. Until this has run, nothing but
// Node's own modules can be imported.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from './home.mjs';
import { interrupted } from './command.mjs';
import { guardAgainstOurDeath } from './guard.mjs';
import { withLock } from './lock.mjs';
import { hasEnded, recordOf, send } from './process-identity.mjs';
import { PlainError, say, step } from './report.mjs';

const minimumNode = [20, 19];
const interruptGraceMs = 5_000;
const manifest = JSON.parse(readFileSync(join(repoRoot, 'package.json'), 'utf8'));
/** For example `pnpm@12.21.0`: the one place where the version stands is package.json. */
export const pinnedPnpm = String(manifest.packageManager);

const cacheDir = join(repoRoot, 'node_modules', '.cache', 'solospark');
const stampPath = join(cacheDir, 'installed');
/** Holds a `pnpm` for turbo, which starts every package's script through one. */
export const pnpmDir = join(cacheDir, 'bin');

/**
 * @param {{ quiet?: boolean }} [options] quiet: say nothing unless there is something to do
 */
export async function ensureInstalled({ quiet = false } = {}) {
  checkMachine();
  if (installedStamp() === wantedStamp()) return;
  await withLock(
    join(cacheDir, 'install.lock'),
    ({ pid }) => say(`Another command (pid ${pid}) is installing in this folder; waiting for it …`),
    async () => {
      // While we waited, the other one may have done it.
      if (installedStamp() === wantedStamp()) return;
      await step(`Installing dependencies with ${pinnedPnpm}`, install, { quiet: false });
      writePnpm(await pathOfPnpm());
      writeFileSync(stampPath, wantedStamp());
      if (quiet) say('Dependencies are installed.');
    },
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

function installedStamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : '';
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
  return [...rooms, 'scripts', 'test']
    .map((folder) => join(folder, 'package.json'))
    .filter((path) => existsSync(join(repoRoot, path)));
}

async function install() {
  // NODE_ENV=production would leave out what builds the project, and a question would wait for ever without a terminal.
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

/** Where npx keeps the pinned pnpm: starting it from there saves npx's own three seconds for every package. */
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

/** @param {string} path of the real one; when it has gone, npx brings it again */
function writePnpm(path) {
  mkdirSync(pnpmDir, { recursive: true });
  const file = join(pnpmDir, 'pnpm');
  writeFileSync(file, `#!/bin/sh\n[ -x '${path}' ] && exec '${path}' "$@"\nexec npx -y ${pinnedPnpm} "$@"\n`);
  chmodSync(file, 0o755);
}

/**
 * Runs a program to its end. It leads a process group, so that an interruption ends it with all that it has started.
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
    // Its own children may live on for a moment: what they still write must not come after us.
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
