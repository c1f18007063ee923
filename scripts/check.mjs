// @ts-check
// `npm run check`: format, lint, types, unused code, architecture and unit tests. Needs no database, takes a minute.
import { build } from './lib/build.mjs';
import { runChecks } from './lib/checks.mjs';
import { runCommand } from './lib/command.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { runJest } from './lib/jest.mjs';
import { bold, green, red, say } from './lib/report.mjs';

await runCommand(async ({ signal }) => {
  await ensureInstalled();
  await build();
  const checks = await runChecks(signal);
  if (signal.aborted) return 130;
  const tests = await runJest(
    ['--testPathIgnorePatterns=\\.int\\.test\\.ts$', '--testPathIgnorePatterns=/node_modules/'],
    {
      signal,
      env: { NODE_ENV: 'test' },
    },
  );
  const passed = checks.passed + tests.passed;
  const failed = checks.failed + tests.failed;
  const skipped = tests.skipped.reduce((sum, { count }) => sum + count, 0);
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  say(bold(failed === 0 ? green(line) : red(line)));
  return failed === 0 ? 0 : 1;
});
