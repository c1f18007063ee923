// @ts-check
// Databases, apps and an installation that this command has started must not outlive it. A second process, the guard, ends them when
// this process has ended without doing so, as after a kill -9. The guard notices it because the kernel closes the pipe between them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { recordOf } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessRecord} ProcessRecord */
/**
 * @typedef {{ kind: 'process', record: ProcessRecord, graceMs: number, ask?: boolean }
 *   | { kind: 'server', record: ProcessRecord, signal: NodeJS.Signals }
 *   | { kind: 'remove', paths: string[] }} Duty
 *   process: leads a process group; `ask: false` when it stops by itself, and a second signal would make it drop its work.
 *   server: used by the processes, so it stops after them. remove: paths to remove after everything has stopped
 */

const program = fileURLToPath(new URL('./guard-process.mjs', import.meta.url));
/** @type {Map<number, Duty>} */
const duties = new Map();
/** @type {import('node:child_process').ChildProcess | null} */
let guard = null;
let lastId = 0;

/**
 * Makes the guard carry out this duty when our process has ended.
 * @param {Duty} duty
 * @returns {() => void} to be called when it is done, or no longer needed
 */
export function guardAgainstOurDeath(duty) {
  const id = (lastId += 1);
  duties.set(id, duty);
  if (guard === null) startGuard();
  else tell({ id, duty });
  return () => {
    if (duties.delete(id)) tell({ id });
  };
}

/** The guard's process: the next command on this home has to wait for its end. */
export function guardRecord() {
  return guard?.pid === undefined ? null : recordOf(guard.pid);
}

function startGuard() {
  // In its own session, so that neither Ctrl-C nor the end of the terminal reaches it.
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard = child;
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.once('exit', () => {
    if (guard !== child) return;
    guard = null;
    if (duties.size > 0) startGuard();
  });
  // The guard must not keep this process alive.
  child.unref();
  /** @type {import('node:net').Socket} */ (child.stdin).unref();
  for (const [id, duty] of duties) tell({ id, duty });
}

/** @param {{ id: number, duty?: Duty }} message without a duty: this one is done */
function tell(message) {
  guard?.stdin?.write(`${JSON.stringify(message)}\n`);
}
