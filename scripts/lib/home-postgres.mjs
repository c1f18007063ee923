// @ts-check
// The PostgreSQL of a home. Its data is in the home, or in /var/tmp when the account that runs PostgreSQL cannot reach the home.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './home.mjs';
import { accountFor, canReach, findPrograms, makeDirFor } from './postgres-program.mjs';
import { isPostgres, startPostgres } from './postgres.mjs';
import { PlainError, say, warn } from './report.mjs';

/**
 * @param {string} home
 * @param {{ password: string, port: number | undefined }} options
 */
export async function openHomePostgres(home, { password, port }) {
  const dir = choosePlace(home);
  const programs = findPrograms(accountFor(dir), join(dir, '..'));
  const start = (/** @type {number | undefined} */ wanted) =>
    startPostgres(programs, { dir, password, port: wanted });
  let server = await start(port);
  // A server that ended is started again on the same port; the apps reconnect by themselves.
  let stopping = false;
  let looking = false;
  const timer = setInterval(() => {
    if (looking || stopping || isPostgres(server.pid)) return;
    if (!existsSync(join(dir, 'data', 'PG_VERSION'))) {
      clearInterval(timer);
      // Not started again: a new database would be empty, while the apps still run with the old state.
      warn(
        `The data of PostgreSQL are gone from ${dir}. Stop SoloSpark; the next start makes an empty database.`,
      );
      return;
    }
    looking = true;
    warn('PostgreSQL ended; starting it again.');
    start(server.port)
      .then((next) => (server = next))
      .catch((error) => warn(`PostgreSQL does not start: ${error.message}`))
      .finally(() => (looking = false));
  }, 2_000);
  timer.unref();
  return {
    ...server,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await server.stop();
    },
  };
}

/**
 * Removes it with all its data. It must have been stopped.
 * @param {string} home
 */
export function removeHomePostgres(home) {
  rmSync(elsewhereOf(home) ?? join(home, 'postgres'), { recursive: true, force: true });
}

/**
 * The folder of its data, which may not exist yet.
 * @param {string} home
 */
export function placeOfPostgres(home) {
  return join(elsewhereOf(home) ?? home, 'postgres');
}

/** @param {string} home */
function choosePlace(home) {
  const elsewhere = elsewhereOf(home);
  if (elsewhere) return join(elsewhere, 'postgres');
  const inside = join(home, 'postgres');
  const account = accountFor(inside);
  makeDirFor(account, inside);
  if (canReach(account, inside)) return inside;
  if (existsSync(join(inside, 'data'))) {
    throw new PlainError(
      `The account that owns ${inside} can no longer reach it: let it pass through ${home}.`,
    );
  }
  rmSync(inside, { recursive: true });
  // A random name, because every user can write to /var/tmp.
  const root = mkdtempSync('/var/tmp/solospark-');
  chmodSync(root, 0o755);
  writePrivate(join(home, 'postgres-is-in'), `${root}\n`);
  say(`  PostgreSQL does not run as root, and its account cannot reach ${home}: its data is in ${root}`);
  return join(root, 'postgres');
}

/** @param {string} home */
function elsewhereOf(home) {
  const note = join(home, 'postgres-is-in');
  if (!existsSync(note)) return null;
  const place = readFileSync(note, 'utf8').trim();
  return existsSync(place) ? place : null;
}
