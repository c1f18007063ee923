// @ts-check
// A lock file that names its holder. A lock whose holder has ended, also by a restart of the machine, is taken over.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, recordOf } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessRecord} ProcessRecord */
/** @typedef {{ release: () => void }} Lock */

/**
 * @param {string} path
 * @returns {Lock | ProcessRecord} the lock, or its holder
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = recordOf(process.pid);
  const part = `${path}.${process.pid}`;
  for (;;) {
    writeFileSync(part, JSON.stringify(mine));
    try {
      // A link appears together with its content, so an empty lock can never be read.
      linkSync(part, path);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    } finally {
      rmSync(part, { force: true });
    }
    const holder = holderOf(path);
    if (holder && isRunning(holder)) return holder;
    takeAway(path, holder);
  }
}

/**
 * @template T
 * @param {string} path
 * @param {(holder: ProcessRecord) => void} onWait called once when someone else holds it
 * @param {() => Promise<T>} work
 */
export async function withLock(path, onWait, work) {
  let lock = tryLock(path);
  if (!('release' in lock)) onWait(lock);
  while (!('release' in lock)) {
    await delay(200);
    lock = tryLock(path);
  }
  const { release } = lock;
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/**
 * @param {string} path
 * @returns {ProcessRecord | null}
 */
export function holderOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Two processes that find the same dead holder may both call this. The second must not remove the new lock of the first, so each
 * checks the lock that it moved.
 * @param {string} path
 * @param {ProcessRecord | null} dead
 */
function takeAway(path, dead) {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = holderOf(aside);
  if (moved && moved.identity !== dead?.identity && isRunning(moved)) {
    try {
      linkSync(aside, path);
    } catch {
      // Another process has locked it since; the holder of the moved lock notices that when it releases.
    }
  }
  rmSync(aside, { force: true });
}
