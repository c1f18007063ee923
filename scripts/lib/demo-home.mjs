// @ts-check
// The demo starts with an empty home every time, so that it shows what a new user sees.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeHome } from './home.mjs';
import { placeOfPostgres, removeHomePostgres } from './home-postgres.mjs';
import { stopPostgres } from './postgres.mjs';
import { claimHome } from './running.mjs';

/**
 * Empties the folder. First ends the processes of an earlier demo that was killed.
 * @param {string} home
 */
export async function claimFreshHome(home) {
  makeHome(home);
  // Refuses while another demo runs.
  const claim = await claimHome(home);
  await removeDatabase(home);
  for (const name of readdirSync(home)) {
    if (name !== 'parent.json') rmSync(join(home, name), { recursive: true, force: true });
  }
  makeHome(home);
  claim.release();
  return {
    home,
    /** To be called after everything was stopped. */
    async remove() {
      await removeDatabase(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** @param {string} home */
async function removeDatabase(home) {
  const dir = placeOfPostgres(home);
  await stopPostgres(dir, 'immediate');
  removeHomePostgres(home);
}
