// @ts-check
// Identifies a process by its pid and its start time. The pid alone is not enough: the system may have given it to another process.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ pid: number, identity: string }} ProcessRecord */

/**
 * @param {number} pid
 * @returns {string | null} null when there is no such process, or it is a zombie
 */
export function identityOf(pid) {
  if (existsSync('/proc/self/stat')) return identityFromProc(pid);
  // macOS has no /proc. (Linux uses /proc, because slim images have no ps.)
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = ps.status === 0 ? ps.stdout.trim() : '';
  const [state, ...started] = line.split(/\s+/);
  return line === '' || state?.startsWith('Z') ? null : started.join(' ');
}

/** @param {number} pid */
function identityFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets; it may contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

/**
 * @param {number} pid
 * @returns {ProcessRecord}
 */
export function recordOf(pid) {
  return { pid, identity: identityOf(pid) ?? 'gone' };
}

/** @param {ProcessRecord} record */
export function isRunning(record) {
  return identityOf(record.pid) === record.identity;
}

/**
 * Ends a process that we started: sends SIGTERM, waits, and then sends SIGKILL.
 * @param {ProcessRecord} record
 * @param {{ graceMs: number, group?: boolean }} options `group`: it leads a process group, which is ended as well
 * @returns {Promise<'gone' | 'asked' | 'killed'>}
 */
export async function endProcess(record, { graceMs, group = false }) {
  if (!isRunning(record)) return 'gone';
  send(record.pid, 'SIGTERM');
  if (await hasEnded(record, graceMs)) return 'asked';
  if (group) send(-record.pid, 'SIGKILL');
  send(record.pid, 'SIGKILL');
  await hasEnded(record, 5_000);
  return 'killed';
}

/**
 * @param {ProcessRecord} record
 * @param {number} limitMs
 */
export async function hasEnded(record, limitMs) {
  const end = performance.now() + limitMs;
  while (isRunning(record)) {
    if (performance.now() > end) return false;
    await delay(50);
  }
  return true;
}

/**
 * @param {number} pid negative for a group
 * @param {NodeJS.Signals} signal
 */
export function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
