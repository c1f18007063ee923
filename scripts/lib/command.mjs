// @ts-check
// The life of a command: it does its work, and whatever it opened is closed, also when it is interrupted.
import { explain, fail, say } from './report.mjs';
import { watchAncestors } from './watch-ancestors.mjs';

/** The command is to end: somebody sent it a signal, or npm above it is gone. */
const interruption = new AbortController();

/** What is started for this command's sake ends with it. */
export const interrupted = interruption.signal;

/**
 * Aborts `interrupted` on SIGINT, SIGTERM and SIGHUP, and when the npm that started us has ended, however it did.
 * @returns {() => void} leaves the signals to others
 */
export function listenForInterruption() {
  const end = (/** @type {NodeJS.Signals} */ name) => {
    // npm hands on the Ctrl-C that the terminal has already sent us, so a second one means nothing.
    if (interrupted.aborted) return;
    if (name === 'SIGINT') say('');
    interruption.abort(name);
  };
  const names = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const name of names) process.on(name, end);
  watchAncestors(() => end('SIGHUP'));
  return () => {
    for (const name of names) process.off(name, end);
  };
}

/**
 * Runs `work`, then closes in reverse order what it opened, and exits with the code it returned. An interruption aborts
 * `signal`; `work` is expected to return soon after.
 *
 * @param {(life: { signal: AbortSignal, onClose: (close: () => Promise<void> | void) => void }) => Promise<number>} work
 */
export async function runCommand(work) {
  /** @type {(() => Promise<void> | void)[]} */
  const closers = [];
  let code = 1;
  // The terminal may be closed, or `| head` may have read enough: that must not keep us from cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  listenForInterruption();
  try {
    code = await work({ signal: interrupted, onClose: (close) => closers.push(close) });
  } catch (error) {
    if (interrupted.aborted) code = 130;
    else fail(explain(error));
  }
  for (const close of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      fail(`Cleaning up: ${explain(error)}`);
      code ||= 1;
    }
  }
  // What is still open here is a leak of ours, but the person wants the prompt back.
  process.exit(code);
}

/** @param {AbortSignal} signal */
export function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
