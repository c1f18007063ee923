// @ts-check
// `npm run test:bluesky`: installs Bluesky's own server in this folder (250 MB, and some minutes for its compiler, the
// first time), and has us publish to it. Needs gcc, make and python3.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PlainError, step } from '../../scripts/lib/report.mjs';
import { run, runAgainstServer } from '../real-server/main.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const stamp = `${here}node_modules/.solospark-installed`;

await runAgainstServer({ installServer, file: new URL('run.ts', import.meta.url) });

/** Once for this lock file and this Node, whose version the compiled part is for. */
async function installServer(/** @type {AbortSignal} */ signal) {
  const wanted = `${process.version}\n${readFileSync(`${here}package-lock.json`, 'utf8')}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(stamp, { force: true });
  const npm = async (/** @type {string[]} */ args) => {
    const code = await run('npm', args, { cwd: here, signal });
    if (code !== 0) throw new PlainError(`npm ${args.join(' ')} ended with ${code}.`);
  };
  await step('Installing the Bluesky server', () =>
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  await step('Compiling its database', () => npm(['rebuild', 'better-sqlite3', '--loglevel=error']));
  writeFileSync(stamp, wanted);
}
