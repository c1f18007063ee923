// @ts-check
// Notices the end of npm, and of the shell that npm may start, which are our parents. A signal that ends one of them does not always
// reach us: npm forwards only SIGINT and SIGTERM, a shell forwards none, and SIGKILL cannot be forwarded. So we poll.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isRunning, recordOf } from './process-identity.mjs';

/** @typedef {{ pid: number, parent: number, group: number, command: string }} ProcessFacts */

const hasProc = existsSync('/proc/self/stat');
/** Longer without /proc, because each check starts a `ps`. */
const everyMs = hasProc ? 250 : 2_000;
/** Matches the program or its script: `npm start`, `node /usr/bin/npm start`, `/…/bin/pnpm worker`. */
const packageManager = /^(\S*\/)?(npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx)(-cli)?(\.[cm]?js)?$/;

/**
 * Calls `onGone` once when one of the package managers and shells above us has ended. Does nothing when no package manager started
 * us: a program that `nohup` or a supervisor starts may outlive its parent.
 * @param {() => void} onGone
 */
export function watchAncestors(onGone) {
  const records = ancestorsToWatch().map(({ pid }) => recordOf(pid));
  if (records.length === 0) return;
  const timer = setInterval(() => {
    if (records.every(isRunning)) return;
    clearInterval(timer);
    onGone();
  }, everyMs);
  timer.unref();
}

/** From our parent up to the topmost package manager of our process group. An interactive shell starts each job in its own group. */
function ancestorsToWatch() {
  /** @type {ProcessFacts[]} */
  const chain = [];
  const own = factsOf(process.pid);
  for (let next = own?.parent ?? 0; next > 0;) {
    const facts = factsOf(next);
    if (facts === null || facts.group !== own?.group) break;
    chain.push(facts);
    next = facts.parent;
  }
  return chain.slice(0, chain.findLastIndex(({ command }) => isPackageManager(command)) + 1);
}

/** @param {string} command the words of a command line */
export function isPackageManager(command) {
  const [program = '', script = ''] = command.split(/[\0\s]+/);
  return packageManager.test(program) || (/(^|\/)(node|bun)$/.test(program) && packageManager.test(script));
}

/**
 * @param {number} pid
 * @returns {ProcessFacts | null} null when there is none
 */
function factsOf(pid) {
  if (hasProc) return factsFromProc(pid);
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,pgid=,command=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const [, parent, group, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/m.exec(stdout) ?? [];
  return status === 0 ? { pid, parent: Number(parent), group: Number(group), command } : null;
}

/** @param {number} pid */
function factsFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return { pid, parent: Number(parent), group: Number(group), command };
  } catch {
    return null;
  }
}
