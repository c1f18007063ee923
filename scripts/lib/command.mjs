// @ts-check
// The life of a command: it does its work, and whatever it opened is closed, also on Ctrl-C.
import { explain, fail, say } from './report.mjs';

/**
 * Runs `work`, then closes in reverse order what it opened, and exits with the code it returned. SIGINT, SIGTERM and
 * SIGHUP abort `signal`; `work` is expected to return soon after.
 *
 * @param {(life: { signal: AbortSignal, onClose: (close: () => Promise<void> | void) => void }) => Promise<number>} work
 */
export async function runCommand(work) {
  const controller = new AbortController();
  /** @type {(() => Promise<void> | void)[]} */
  const closers = [];
  let code = 1;
  // The terminal may be closed, or `| head` may have read enough: that must not keep us from cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // npm hands on the Ctrl-C that the terminal has already sent us, so a second one means nothing.
    process.on(name, () => {
      if (controller.signal.aborted) return;
      if (name === 'SIGINT') say('');
      controller.abort(name);
    });
  }
  try {
    code = await work({ signal: controller.signal, onClose: (close) => closers.push(close) });
  } catch (error) {
    if (!controller.signal.aborted) fail(explain(error));
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
