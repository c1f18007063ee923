// @ts-check
// Runs one of our programs as a child in its own process group. So Ctrl-C at the terminal reaches only the parent, which then stops
// its children in the right order.
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardAgainstOurDeath } from './guard.mjs';
import { repoRoot } from './home.mjs';
import { openLog, tailLog } from './log-tail.mjs';
import { endProcess, recordOf } from './process-identity.mjs';
import { PlainError, fail, warn } from './report.mjs';

const exitWithParent = new URL('./exit-with-parent.mjs', import.meta.url).href;
const readyLimitMs = 60_000;
/** The back-off between restarts of a child that keeps ending: short at first, and never longer than `mostMs`. */
const usualPauses = { firstMs: 500, mostMs: 30_000 };
/** A child that has run for this long counts as healthy: its next end is the first in a row again. */
const wellAfterMs = 60_000;

/**
 * @typedef {object} ChildOptions
 * @property {string} name
 * @property {string} script relative to the repository
 * @property {NodeJS.ProcessEnv} env
 * @property {string} logFile
 * @property {number} graceMs how long it may take to stop
 * @property {(record: import('./process-identity.mjs').ProcessRecord) => void} onStarted before it is ready
 * @property {() => void | Promise<void>} onRestarted
 * @property {{ firstMs: number, mostMs: number }} [pauses]
 */

/**
 * Starts the child, waits until it is ready, and restarts it until `stop`, however often it ends. The other parts of the stack keep
 * running meanwhile.
 * @param {ChildOptions} options
 */
export async function startChild(options) {
  const { name, graceMs, pauses = usualPauses } = options;
  const stop = new AbortController();
  /** How often it has ended in a row without being healthy in between. */
  let ends = 0;
  let readyAt = performance.now();
  let current = launch(options);
  /** @type {Promise<void>} */
  let watching = Promise.resolve();

  try {
    await current.ready;
  } catch (error) {
    await endProcess(current.record, { graceMs: 5_000, group: true });
    throw error;
  }

  async function keepAlive() {
    for (;;) {
      const how = await current.ended;
      if (stop.signal.aborted) return;
      ends = performance.now() - readyAt > wellAfterMs ? 1 : ends + 1;
      const waitMs = Math.min(pauses.mostMs, pauses.firstMs * 2 ** (ends - 1));
      const often = ends > 1 ? `, the ${ordinal(ends)} time in a row; the rest goes on` : '';
      warn(
        `${name} ended (${how})${often}. Starting it again in ${waitMs / 1000} s. Its log: ${options.logFile}`,
      );
      await delay(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      // It is not healthy before it is ready.
      readyAt = Infinity;
      try {
        current = launch(options);
        await current.ready;
        readyAt = performance.now();
        await options.onRestarted();
        warn(`${name} runs again (pid ${current.record.pid}).`);
      } catch (error) {
        if (stop.signal.aborted) return;
        // The next iteration handles a child that has ended; a child that hangs is ended here.
        fail(error instanceof Error ? error.message : String(error));
        await endProcess(current.record, { graceMs: 1_000, group: true });
      }
    }
  }
  watching = keepAlive();

  return {
    name,
    record: () => current.record,
    async stop() {
      stop.abort();
      const how = await endProcess(current.record, { graceMs, group: true });
      if (how === 'killed') warn(`${name} did not stop within ${graceMs / 1000} s and was killed.`);
      if (how !== 'gone') await current.ended;
      await Promise.race([watching, delay(1_000, undefined, { ref: false })]);
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startChild>>} Child */

/** @param {number} count */
function ordinal(count) {
  const ending = { one: 'st', two: 'nd', few: 'rd' };
  const rule = new Intl.PluralRules('en', { type: 'ordinal' }).select(count);
  return `${count}${ending[/** @type {keyof typeof ending} */ (rule)] ?? 'th'}`;
}

/** @param {ChildOptions} options */
function launch({ name, script, env, logFile, graceMs, onStarted }) {
  const log = openLog(logFile);
  const tail = tailLog(
    logFile,
    sayOnce((line) => fail(`${name}: ${line}`)),
  );
  const child = spawn(process.execPath, ['--import', exitWithParent, join(repoRoot, script)], {
    cwd: repoRoot,
    env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const record = recordOf(child.pid ?? -1);
  const release = guardAgainstOurDeath({ kind: 'process', record, graceMs, ask: false });
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  }).then((how) => {
    tail.stop();
    release();
    return how;
  });
  /** @type {Promise<void>} */
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => refuse('was not ready in time'), readyLimitMs);
    const refuse = (/** @type {string} */ what) => {
      clearTimeout(timer);
      reject(new PlainError(`${name} ${what}.\n${tail.last()}\nIts log: ${logFile}`));
    };
    child.on('message', (message) => {
      if (message !== 'ready') return;
      clearTimeout(timer);
      resolve();
    });
    void ended.then((how) => refuse(`ended before it was ready (${how})`));
  });
  // It may be rejected before anything awaits it.
  ready.catch(() => undefined);
  onStarted(record);
  return { record, ready, ended };
}

/**
 * Prints a repeated error at most once in half a minute; the log has every line.
 * @param {(line: string) => void} tell
 */
function sayOnce(tell) {
  /** @type {Map<string, number>} */
  const said = new Map();
  return (/** @type {string} */ line) => {
    const now = performance.now();
    if (now - (said.get(line) ?? -Infinity) < 30_000) return;
    if (said.size > 100) said.clear();
    said.set(line, now);
    tell(line);
  };
}
