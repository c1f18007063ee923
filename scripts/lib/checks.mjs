// @ts-check
// The static checks of the code. Each one counts as one test.
import { join } from 'node:path';
import { repoRoot } from './home.mjs';
import { run } from './install.mjs';
import { green, red, say } from './report.mjs';

/** TypeScript 7 checks the whole repository, from source, in a tenth of the time that 6 takes. */
const tsc = join('node_modules', 'typescript-native', 'bin', 'tsc');
/** What has not changed since the last run is not checked again. A clean clone has no cache. */
const cache = join('node_modules', '.cache');
const cached = (/** @type {string} */ name) => [
  '--cache',
  '--cache-strategy=content',
  `--cache-location=${join(cache, name)}`,
];
const buildInfo = join(cache, 'types.tsbuildinfo');

const checks = [
  {
    name: 'format',
    command: [
      'node_modules/prettier/bin/prettier.cjs',
      ...cached('prettier'),
      '--check',
      '--log-level=warn',
      '.',
    ],
  },
  {
    name: 'lint',
    command: ['node_modules/eslint/bin/eslint.js', ...cached('eslint'), '--max-warnings=0', '.'],
  },
  { name: 'types', command: [tsc, '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', buildInfo] },
  { name: 'unused code', command: ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'] },
];

/**
 * Runs every check, also after one has failed, so that all failures are shown.
 * @param {AbortSignal} signal
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(signal) {
  const counts = { passed: 0, failed: 0 };
  const inTurn = async (/** @type {typeof checks} */ some) => {
    for (const { name, command } of some) {
      if (signal.aborted) break;
      const started = performance.now();
      const [script = '', ...args] = command;
      const code = await run(process.execPath, [join(repoRoot, script), ...args]);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      counts[code === 0 ? 'passed' : 'failed'] += 1;
      say(`${code === 0 ? green('PASS') : red('FAIL')} ${name} (${seconds} s)`);
    }
  };
  // The linter takes as long as all other checks together, so it runs in parallel with them.
  const isLint = (/** @type {{ name: string }} */ { name }) => name === 'lint';
  await Promise.all([inTurn(checks.filter(isLint)), inTurn(checks.filter((check) => !isLint(check)))]);
  return counts;
}
