// @ts-check
// Allows only one parent process for each home, and records its children, in case the parent is killed.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './home.mjs';
import { tryLock } from './lock.mjs';
import { endProcess, hasEnded, isRunning } from './process-identity.mjs';
import { PlainError, say } from './report.mjs';

/** @typedef {import('./process-identity.mjs').ProcessRecord} ProcessRecord */
/** @typedef {ProcessRecord & { graceMs: number }} Leftover graceMs: how long it may take to end by itself */
/** @typedef {{ note: (children: Leftover[]) => void, release: () => void }} Claim */
/** @typedef {{ api?: number | undefined, sandbox?: number | undefined, postgres?: number | undefined }} Ports */

/**
 * Makes this process the only one that runs `home`, and ends the children of a parent that was killed.
 * @param {string} home
 * @returns {Promise<Claim>}
 * @throws PlainError when another process runs it
 */
export async function claimHome(home) {
  const lock = tryLock(join(home, 'parent.json'));
  if (!('release' in lock)) {
    throw new PlainError(
      `SoloSpark already runs from ${home} (pid ${lock.pid}). ${whereItAnswers(home)}\n` +
        'Stop it with Ctrl-C there, or run a second copy beside it: PORT=0 SOLOSPARK_HOME=.solospark-2 npm start',
    );
  }
  const childrenFile = join(home, 'children.json');
  await endLeftovers(childrenFile);
  for (const name of ['runtime.json', 'stack.env']) rmSync(join(home, name), { force: true });
  const emergency = () => lock.release();
  process.once('exit', emergency);
  return {
    note: (children) => writePrivate(childrenFile, JSON.stringify(children)),
    release() {
      process.off('exit', emergency);
      rmSync(childrenFile, { force: true });
      lock.release();
    },
  };
}

/** Children stop by themselves when their parent has ended; this waits for them, and then kills the rest.
 * @param {string} path */
async function endLeftovers(path) {
  /** @type {Leftover[]} */
  const records = readJson(path) ?? [];
  const left = records.filter(isRunning);
  if (left.length === 0) return;
  say(
    `The last run was killed; waiting for what it left behind (pid ${left.map(({ pid }) => pid).join(', ')}) …`,
  );
  // They are stopping already; another SIGTERM would make them drop their work.
  await Promise.all(left.map((record) => hasEnded(record, record.graceMs)));
  await Promise.all(left.map((record) => endProcess(record, { graceMs: 1_000, group: true })));
}

/** @param {string} home */
function whereItAnswers(home) {
  const apiUrl = readJson(join(home, 'runtime.json'))?.apiUrl;
  return apiUrl ? `Its API is at ${apiUrl}` : 'It is still starting.';
}

/**
 * The ports of the last run, so that addresses stay the same if possible.
 * @param {string} home
 * @returns {Ports}
 */
export function keptPorts(home) {
  return readJson(join(home, 'ports.json')) ?? {};
}

/**
 * @param {string} home
 * @param {Ports} ports
 */
export function keepPorts(home, ports) {
  writePrivate(join(home, 'ports.json'), JSON.stringify(ports));
}

/** @param {string} path */
export function readJson(path) {
  try {
    return existsSync(path) && statSync(path).isFile() ? JSON.parse(readFileSync(path, 'utf8')) : null;
  } catch {
    return null;
  }
}
