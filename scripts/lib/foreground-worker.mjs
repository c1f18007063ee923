// @ts-check
// Runs the worker as a child and prints its log. Ctrl-C at the terminal does not reach it; only `stop` sends it signals.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { guardAgainstOurDeath } from './guard.mjs';
import { repoRoot } from './home.mjs';
import { endProcess, recordOf } from './process-identity.mjs';
import { warn } from './report.mjs';

const exitWithParent = new URL('./exit-with-parent.mjs', import.meta.url).href;

/** @param {NodeJS.ProcessEnv} env */
export function startForegroundWorker(env) {
  const graceMs = Number(env.SHUTDOWN_TIMEOUT_MS ?? 25_000) + 7_000;
  const child = spawn(
    process.execPath,
    ['--import', exitWithParent, join(repoRoot, 'apps/worker/bundle/main.js')],
    {
      cwd: repoRoot,
      env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const record = recordOf(child.pid ?? -1);
  const release = guardAgainstOurDeath({ kind: 'process', record, graceMs, ask: false });
  let stopping = false;
  child.once('exit', (code, signal) => {
    release();
    if (!stopping)
      warn(`The worker ended (${signal ?? `code ${code}`}). It starts again with the next change.`);
  });
  return {
    async stop() {
      stopping = true;
      if ((await endProcess(record, { graceMs, group: true })) === 'killed') {
        warn(`The worker did not stop within ${graceMs / 1000} s and was killed.`);
      }
    },
  };
}
