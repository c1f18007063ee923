// @ts-check
// Reports changes of source files one after another. It uses chokidar, because `fs.watch` misses changes: editors and git write a new
// file and rename it over the old one, and Node 20 then keeps watching the old one.
import { setTimeout as delay } from 'node:timers/promises';

/** Changes within this time, as in a git checkout, count as one change. */
const quietMs = 300;

/**
 * Yields the path of the last changed file, once for each burst, until the signal. Changes that happen while the caller handles one
 * are reported by its next call.
 * @param {string[]} folders
 * @param {AbortSignal} signal
 * @param {{ onReady?: () => void }} [options] onReady: called when no change can be missed any more
 * @returns {AsyncGenerator<string>}
 */
export async function* watchSources(folders, signal, { onReady } = {}) {
  const { watch } = await import('chokidar');
  /** @type {string | null} */
  let changed = null;
  let changedAt = 0;
  let wake = () => undefined;
  const watcher = watch(folders, {
    ignoreInitial: true,
    ignored: (path, stats) =>
      /(^|\/)(generated|node_modules)(\/|$)/.test(path) ||
      (stats?.isFile() === true && !path.endsWith('.ts')),
  });
  watcher.on('all', (_event, path) => {
    if (!path.endsWith('.ts')) return;
    changed = path;
    changedAt = performance.now();
    wake();
  });
  if (onReady) watcher.once('ready', onReady);
  const stop = () => wake();
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      // Checked before each wait: a change may have happened while the caller was busy.
      if (changed === null) {
        await new Promise((resolve) => (wake = () => void resolve(undefined)));
        continue;
      }
      const quietForMs = performance.now() - changedAt;
      if (quietForMs < quietMs) {
        await delay(quietMs - quietForMs, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const path = changed;
      changed = null;
      yield path;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await watcher.close();
  }
}
