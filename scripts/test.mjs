// @ts-check
// `npm test [jest arguments]`: sets everything up by itself, checks the code, runs the tests, leaves nothing behind.
// With arguments, only the tests they name run.
import { build } from './lib/build.mjs';
import { runChecks } from './lib/checks.mjs';
import { runCommand } from './lib/command.mjs';
import { readSettings } from './lib/home.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { runJest } from './lib/jest.mjs';
import { startThrowAwayRedis } from './lib/redis.mjs';
import { bold, dim, fail, green, red, say, step, warn, yellow } from './lib/report.mjs';
import { makeTemplate, templateDatabase } from './lib/template-database.mjs';
import { startThrowAwayPostgres } from './lib/throw-away-postgres.mjs';

const jestArgs = process.argv.slice(2);
const everything = jestArgs.length === 0;

await runCommand(async ({ signal, onClose }) => {
  await ensureInstalled();
  // Somebody who works on one room wants its tests, whatever state the others are in.
  await build({ keepGoing: !everything });

  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (everything) {
    const { passed, failed } = await runChecks(signal);
    counts.passed += passed;
    counts.failed += failed;
  }
  if (signal.aborted) return 130;

  const postgres = await startThrowAwayPostgres();
  onClose(postgres.stop);
  await step('Migrating the template database', () => makeTemplate(postgres.urlOf), { quiet: true }).catch(
    (error) => {
      if (everything) throw error;
      warn(
        `The template database is not migrated: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
  );

  const redis = await findRedis();
  if (redis) onClose(redis.stop);

  const outcome = await runJest(jestArgs, {
    signal,
    env: {
      NODE_ENV: 'test',
      TEST_DATABASE_URL: postgres.urlOf('postgres'),
      TEST_TEMPLATE_DATABASE: templateDatabase,
      TEST_REDIS_URL: redis?.url ?? '',
    },
  });
  counts.passed += outcome.passed;
  counts.failed += outcome.failed;
  counts.skipped += outcome.skipped.reduce((sum, { count }) => sum + count, 0);

  say('');
  for (const { suite, count } of outcome.skipped) say(`${yellow('SKIPPED')} ${suite} (${count})`);
  if (counts.skipped > 0 && !redis) {
    say(`There is no Redis here: set REDIS_URL, or install redis-server, to run the suites above.`);
  }
  if (!redis && everything && process.env.CI === 'true') {
    fail('With CI=true a missing Redis is a failure.');
    counts.failed += 1;
  }
  const { passed, failed, skipped } = counts;
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  say(bold(failed === 0 ? green(line) : red(line)));
  return failed === 0 ? 0 : 1;
});

async function findRedis() {
  const { REDIS_URL: url } = readSettings();
  if (url === undefined) return startThrowAwayRedis();
  say(dim('· The Redis suites use REDIS_URL'));
  return { url, stop: async () => undefined };
}
