// @ts-check
// jest in its own process group, so that it ends with everything it started.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardAgainstOurDeath } from './guard.mjs';
import { repoRoot } from './home.mjs';
import { recordOf, send } from './process-identity.mjs';
import { PlainError } from './report.mjs';

/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed a test file that could not run counts as one
 * @property {{ suite: string, count: number }[]} skipped
 */

/**
 * @param {string[]} args
 * @param {{ env: Record<string, string>, signal: AbortSignal }} options
 * @returns {Promise<Outcome>}
 */
export async function runJest(args, { env, signal }) {
  const dir = mkdtempSync(join(tmpdir(), 'solospark-jest-'));
  const resultFile = join(dir, 'result.json');
  const isWatching = args.some((arg) => arg.startsWith('--watch'));
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(repoRoot, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--maxWorkers=3',
      ...(isWatching ? [] : ['--json', `--outputFile=${resultFile}`]),
      ...args,
    ],
    {
      cwd: repoRoot,
      env: { ...process.env, ...env },
      // Whoever watches presses keys, which only the terminal's own process group is given.
      detached: !isWatching,
      // --json also prints its result to stdout, where nobody wants it; what people read goes to stderr.
      stdio: isWatching ? 'inherit' : ['ignore', 'ignore', 'inherit'],
    },
  );
  const record = recordOf(child.pid ?? -1);
  const release = guardAgainstOurDeath({ kind: 'process', record, graceMs: 5_000 });
  const stop = () => {
    if (child.pid === undefined) return;
    const group = -child.pid;
    send(group, 'SIGINT');
    void delay(5_000, undefined, { ref: false }).then(() => send(group, 'SIGKILL'));
  };
  signal.addEventListener('abort', stop, { once: true });
  const code = await new Promise((resolve) => child.on('close', resolve).on('error', () => resolve(1)));
  signal.removeEventListener('abort', stop);
  // Whatever a test started and forgot.
  if (child.pid !== undefined) send(-child.pid, 'SIGKILL');
  release();
  const result = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : null;
  rmSync(dir, { recursive: true, force: true });
  if (signal.aborted) throw new PlainError('Interrupted.');
  if (isWatching) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: [] };
  if (result === null) throw new PlainError(`jest ended with code ${code} and left no result.`);
  return outcomeOf(result, code === 0);
}

/**
 * @typedef {object} JestResult
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{ name: string, assertionResults: { status: string, ancestorTitles: string[] }[] }[]} testResults
 */

/**
 * @param {JestResult} result
 * @param {boolean} succeeded what jest's exit code says: it also knows of failures outside of any test
 * @returns {Outcome}
 */
function outcomeOf(result, succeeded) {
  /** @type {Map<string, number>} */
  const skipped = new Map();
  for (const { name, assertionResults } of result.testResults) {
    for (const { status, ancestorTitles } of assertionResults) {
      if (status !== 'pending' && status !== 'todo') continue;
      const suite = [relative(repoRoot, name), ...ancestorTitles].join(' › ');
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
    }
  }
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: [...skipped].map(([suite, count]) => ({ suite, count })),
  };
}
