// @ts-check
// What this command has started and must not outlive it: databases, apps, an installation. A process beside it, the guard,
// ends them when this one is gone without having done so, as after a kill -9. It learns that from the kernel, which closes
// the pipe between them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { recordOf } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessRecord} ProcessRecord */
/**
 * @typedef {{ kind: 'process', record: ProcessRecord, graceMs: number, ask?: boolean }
 *   | { kind: 'server', record: ProcessRecord, signal: NodeJS.Signals }
 *   | { kind: 'remove', paths: string[] }} Duty
 *   process: it leads a process group; `ask: false` when it asks itself to stop, and a second request would hurry it.
 *   server: what the processes use, so it stops after them. remove: after everything
 */

const program = fileURLToPath(new URL('./guard-process.mjs', import.meta.url));
/** @type {Map<number, Duty>} */
const duties = new Map();
/** @type {import('node:child_process').ChildProcess | null} */
let guard = null;
let lastId = 0;

/**
 * The guard does this when we are gone.
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

/** Whoever comes after us has to wait for it. */
export function guardRecord() {
  return guard?.pid === undefined ? null : recordOf(guard.pid);
}

function startGuard() {
  // In a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it.
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard = child;
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.once('exit', () => {
    if (guard !== child) return;
    guard = null;
    if (duties.size > 0) startGuard();
  });
  // It must not keep alive what it guards.
  child.unref();
  /** @type {import('node:net').Socket} */ (child.stdin).unref();
  for (const [id, duty] of duties) tell({ id, duty });
}

/** @param {{ id: number, duty?: Duty }} message without a duty: this one is done */
function tell(message) {
  guard?.stdin?.write(`${JSON.stringify(message)}\n`);
}
