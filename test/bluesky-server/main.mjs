// @ts-check
// `npm run test:bluesky`: installs Bluesky's own server in this folder (250 MB, and some minutes for its compiler, the
// first time), and has us publish to it. Needs gcc, make and python3.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/lib/build.mjs';
import { runCommand } from '../../scripts/lib/command.mjs';
import { ensureInstalled } from '../../scripts/lib/install.mjs';
import { PlainError, step } from '../../scripts/lib/report.mjs';
import { makeTemplate, templateDatabase } from '../../scripts/lib/template-database.mjs';
import { startThrowAwayPostgres } from '../../scripts/lib/throw-away-postgres.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const stamp = `${here}node_modules/.solospark-installed`;

await runCommand(async ({ signal, onClose }) => {
  await ensureInstalled({ quiet: true });
  await installServer(signal);
  await build({ quiet: true });
  const postgres = await startThrowAwayPostgres();
  onClose(postgres.stop);
  await makeTemplate(postgres.urlOf);
  return run(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--conditions=source',
      `--import=${new URL('../support/import-typescript.mjs', import.meta.url).href}`,
      `${here}run.ts`,
    ],
    {
      cwd: root,
      signal,
      env: {
        ...process.env,
        TEST_DATABASE_URL: postgres.urlOf('postgres'),
        TEST_TEMPLATE_DATABASE: templateDatabase,
      },
    },
  );
});

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

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, signal: AbortSignal, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>}
 */
function run(command, args, { cwd, signal, env }) {
  const child = spawn(command, args, { cwd, env, stdio: 'inherit', signal, killSignal: 'SIGTERM' });
  return new Promise((resolve, reject) =>
    child
      .on('close', (code) => resolve(code ?? 1))
      .on('error', (error) => (signal.aborted ? resolve(130) : reject(error))),
  );
}
