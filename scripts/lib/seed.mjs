// @ts-check
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repoRoot } from './home.mjs';
import { PlainError } from './report.mjs';

/** @typedef {{ organizationId: string, apiKey: string, channels: { id: string, platform: string }[] }} Seed */

/**
 * Makes sure that the demo organization, its sandbox channels and its key exist. Idempotent.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Seed>}
 */
export async function seedDemo(env) {
  const { stdout } = await promisify(execFile)(process.execPath, ['apps/api/dist/seed.js'], {
    cwd: repoRoot,
    env: { ...env, LOG_LEVEL: 'error' },
    maxBuffer: 10_000_000,
  }).catch((error) => {
    const reason = String(error.stderr || error.stdout || error.message).trim();
    throw new PlainError(`The demo organization could not be prepared:\n${reason}`);
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
