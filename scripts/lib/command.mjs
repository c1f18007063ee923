// @ts-check
// Runs a command, and closes everything that it opened, also when it is interrupted.
import { explain, fail, say } from './report.mjs';
import { watchAncestors } from './watch-ancestors.mjs';

/** Aborted when the command has to end: it got a signal, or its npm has ended. */
const interruption = new AbortController();

/** The signal for everything that this command starts. */
export const interrupted = interruption.signal;

/**
 * Aborts `interrupted` on SIGINT, SIGTERM and SIGHUP, and when the npm that started us has ended for any reason.
 * @returns {() => void} stops listening for signals
 */
export function listenForInterruption() {
  const end = (/** @type {NodeJS.Signals} */ name) => {
    // Ctrl-C arrives twice, from the terminal and from npm, so a second signal has no meaning.
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
 * Runs `work`, closes what it opened in reverse order, and exits with the code it returned. An interruption aborts
 * `signal`; `work` is expected to return soon after.
 *
 * @param {(life: { signal: AbortSignal, onClose: (close: () => Promise<void> | void) => void }) => Promise<number>} work
 */
export async function runCommand(work) {
  /** @type {(() => Promise<void> | void)[]} */
  const closers = [];
  let code = 1;
  // The terminal may be closed, or `| head` may have ended: that must not prevent the clean-up.
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
  // A handle that is still open here is a bug of ours, but it must not keep the command running.
  process.exit(code);
}

/** @param {AbortSignal} signal */
export function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
