// @ts-check
// Which source has changed, told in turn. chokidar sees what `fs.watch` loses: editors and git write a new file and rename it over
// the old one, and Node 20 then goes on watching the old one.
import { setTimeout as delay } from 'node:timers/promises';

/** A burst of changes, as a checkout makes it, is one change. */
const quietMs = 300;

/**
 * Yields the path of what has changed last, once for each burst, until the signal. What changes while the caller is at work on
 * one change is told when it comes back for the next.
 * @param {string[]} folders
 * @param {AbortSignal} signal
 * @param {{ onReady?: () => void }} [options] onReady: from here on no change is missed
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
      // Asked before each wait: it may have come while nobody waited.
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
