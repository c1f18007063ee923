// @ts-check
// The common part of `npm run test:bluesky`, `npm run test:snac` and `npm run test:clients`: installs what the suite needs, then
// runs the suite in a separate process, with a temporary PostgreSQL.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/lib/build.mjs';
import { runCommand } from '../../scripts/lib/command.mjs';
import { ensureInstalled } from '../../scripts/lib/install.mjs';
import { makeTemplate, templateDatabase } from '../../scripts/lib/template-database.mjs';
import { startThrowAwayPostgres } from '../../scripts/lib/throw-away-postgres.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {{ installServer: (signal: AbortSignal) => Promise<void>, file: URL }} options `file` prints its checks, and
 * exits with 0 if all of them passed
 */
export function runAgainstServer({ installServer, file }) {
  return runCommand(async ({ signal, onClose }) => {
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
        fileURLToPath(file),
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
