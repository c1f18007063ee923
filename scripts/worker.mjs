// @ts-check
// `npm run worker`: one worker in the foreground. It joins the stack that `npm start` runs, or the one in the environment or .env.
//
// The worker runs in this process, so the exit code, the `ready` message and the signals are the worker's own. A Ctrl-C arrives
// twice here, from the terminal and from npm, and so does a signal from PM2. The worker would drop its work on the second one, so
// only the first signal of a burst is passed on.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './lib/build.mjs';
import { interrupted, listenForInterruption } from './lib/command.mjs';
import { homeOf, readEnvFile, readSettings, repoRoot } from './lib/home.mjs';
import { ensureInstalled, useInstallation } from './lib/install.mjs';
import { PlainError, explain, fail } from './lib/report.mjs';

const burstMs = 2_000;

const leaveSignals = listenForInterruption();
try {
  await ensureInstalled({ quiet: true });
  useInstallation();
  await build({ quiet: true });
  requireDatabase();
} catch (error) {
  if (!interrupted.aborted) fail(explain(error));
  process.exit(interrupted.aborted ? 130 : 1);
}
if (interrupted.aborted) process.exit(130);
passSignalsOnce();
leaveSignals();
interrupted.addEventListener('abort', () => process.kill(process.pid, 'SIGTERM'), { once: true });
process.chdir(repoRoot);
await import(pathToFileURL(join(repoRoot, 'apps/worker/bundle/main.js')).href);

function requireDatabase() {
  const settings = readSettings();
  const home = homeOf(settings);
  const known = {
    ...readEnvFile(join(home, 'stack.env')),
    ...readEnvFile(join(home, 'secrets.env')),
    ...settings,
  };
  if (known.DATABASE_URL) return;
  throw new PlainError(
    `There is nothing to work for: no stack runs from ${home}, and DATABASE_URL is not set.\n` +
      'Run `npm start` in another terminal, or set DATABASE_URL, or try: USE_MOCK_DB=true npm run worker:dev',
  );
}

function passSignalsOnce() {
  const emit = process.emit;
  /** @type {number | null} */
  let firstAt = null;
  process.emit = /** @type {typeof process.emit} */ (
    (/** @type {unknown[]} */ ...args) => {
      if (args[0] === 'SIGINT' || args[0] === 'SIGTERM' || args[0] === 'SIGHUP') {
        const now = performance.now();
        if (firstAt !== null && now - firstAt < burstMs) return true;
        firstAt ??= now;
      }
      return Reflect.apply(emit, process, args);
    }
  );
}
