// @ts-check
// `npm run worker:dev`: a worker that is built and restarted cleanly whenever a source changes.
// With USE_MOCK_DB=true it also starts a temporary PostgreSQL, the sandbox and the demo organization.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './lib/build.mjs';
import { runCommand } from './lib/command.mjs';
import { startForegroundWorker } from './lib/foreground-worker.mjs';
import { homeOf, isOn, readEnvFile, readSettings, repoRoot } from './lib/home.mjs';
import { ensureInstalled, useInstallation } from './lib/install.mjs';
import { PlainError, bold, dim, explain, fail, say } from './lib/report.mjs';
import { holderOf } from './lib/lock.mjs';
import { isRunning } from './lib/process-identity.mjs';
import { watchSources } from './lib/watch-sources.mjs';

await runCommand(async ({ signal, onClose }) => {
  await ensureInstalled();
  useInstallation();
  await build();
  if (signal.aborted) return 130;
  const settings = readSettings();
  const mock = isOn(settings, 'USE_MOCK_DB');
  const env = mock ? await startMockStack(settings, signal, onClose) : settings;
  if (!mock) requireDatabase(settings);

  let worker = startForegroundWorker(env);
  onClose(() => worker.stop());
  for await (const changed of watchSources(sourceFolders(), signal)) {
    say(dim(`· ${relative(repoRoot, changed)} changed`));
    try {
      await build({ quiet: true, filter: ['@solospark/worker'] });
    } catch (error) {
      if (signal.aborted) break;
      fail(`${explain(error)} The worker goes on with what it had.`);
      continue;
    }
    if (signal.aborted) break;
    await worker.stop();
    worker = startForegroundWorker(env);
  }
  return 0;
});

/**
 * @param {import('./lib/home.mjs').Env} settings
 * @param {AbortSignal} signal
 * @param {(close: () => Promise<void>) => void} onClose
 */
async function startMockStack(settings, signal, onClose) {
  const { startThrowAwayPostgres } = await import('./lib/throw-away-postgres.mjs');
  const { startStack } = await import('./lib/stack.mjs');
  // Its own home, so that its files are not mixed with those of a running stack.
  const main = homeOf(settings);
  const holder = holderOf(join(main, 'parent.json'));
  const taken = holder !== null && isRunning(holder);
  const home = taken ? join(main, 'mock') : main;
  const postgres = await startThrowAwayPostgres();
  onClose(postgres.stop);
  // A Redis in the settings belongs to another database. This stack keeps its jobs in its own temporary database.
  const { REDIS_URL: _redis, ...own } = settings;
  const stack = await startStack({
    settings: own,
    home,
    postgres,
    apps: ['sandbox'],
    signal,
  });
  onClose(stack.stop);
  const { organizationId, sandboxUrl } = stack.facts();
  const prefix = taken ? `SOLOSPARK_HOME=${home} ` : '';
  say(`
${bold('A worker on a throw-away PostgreSQL')} ${dim('(gone at exit)')}
  Organization    ${organizationId}
  Sandbox feed    ${sandboxUrl}
  Try             ${prefix}node scripts/testWorker.js
`);
  return stack.env;
}

/** @param {import('./lib/home.mjs').Env} settings */
function requireDatabase(settings) {
  if (settings.DATABASE_URL || readEnvFile(join(homeOf(settings), 'stack.env')).DATABASE_URL) return;
  throw new PlainError(
    'No stack runs here, and DATABASE_URL is not set. Run `npm start` in another terminal, or: ' +
      'USE_MOCK_DB=true npm run worker:dev',
  );
}

function sourceFolders() {
  const packages = readdirSync(join(repoRoot, 'packages')).map((name) =>
    join(repoRoot, 'packages', name, 'src'),
  );
  return [...packages, join(repoRoot, 'apps', 'worker', 'src')];
}
