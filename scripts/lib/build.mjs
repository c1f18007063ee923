// @ts-check
// Builds Prisma's client and every package's dist/. turbo builds only what changed.
import { join } from 'node:path';
import { repoRoot } from './home.mjs';
import { pnpmDir, run } from './install.mjs';
import { withLock } from './lock.mjs';
import { PlainError, say, step, warn } from './report.mjs';

/**
 * @param {{ quiet?: boolean, filter?: string[], keepGoing?: boolean }} [options]
 *   keepGoing: build what can be built, and only warn about the rest
 */
export async function build({ quiet = false, filter = [], keepGoing = false } = {}) {
  // Prints one line for each package that is not taken from the cache, and the errors.
  const logs = keepGoing ? 'none' : quiet ? 'errors-only' : 'new-only';
  const args = ['run', 'build', '--env-mode=loose', `--output-logs=${logs}`, '--no-update-notifier'];
  if (keepGoing) args.push('--continue');
  for (const name of filter) args.push(`--filter=${name}`);
  const lock = join(repoRoot, 'node_modules', '.cache', 'solospark', 'build.lock');
  const onWait = (/** @type {{ pid: number }} */ { pid }) =>
    say(`Another command (pid ${pid}) is building in this folder; waiting for it …`);
  await withLock(lock, onWait, () =>
    step(
      'Building',
      async () => {
        const code = await run(join(repoRoot, 'node_modules', '.bin', 'turbo'), args, {
          env: turboEnv(),
          quiet,
        });
        if (code !== 0 && !keepGoing) {
          throw new PlainError('The build failed; the lines above say where.');
        }
        if (code !== 0) warn('Some packages do not build: `npm run build` says why.');
      },
      { quiet },
    ),
  );
}

/** @returns {NodeJS.ProcessEnv} */
function turboEnv() {
  return {
    ...process.env,
    PATH: `${pnpmDir}:${process.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
}
