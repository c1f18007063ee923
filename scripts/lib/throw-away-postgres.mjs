// @ts-check
// A temporary PostgreSQL for one run, without durability. It is removed afterwards: by the guard when the run was killed, and by the
// next run when the guard was killed as well.
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardAgainstOurDeath } from './guard.mjs';
import { accountFor, canReach, findPrograms } from './postgres-program.mjs';
import { careless, startPostgres, stopPostgres } from './postgres.mjs';
import { isRunning, recordOf } from './process-identity.mjs';
import { PlainError } from './report.mjs';

/** @typedef {import('./postgres.mjs').Postgres} Postgres */

const prefix = 'solospark-postgres-';
/** The second folder is for machines whose users have private temporary folders. */
const places = () => [tmpdir(), '/var/tmp'];

/** @returns {Promise<Postgres>} whose `stop` also removes it */
export async function startThrowAwayPostgres() {
  await removeAbandoned();
  const root = makeRoot();
  const dir = join(root, 'postgres');
  const programs = findPrograms(accountFor(dir), root);
  const release = guardAgainstOurDeath({ kind: 'remove', paths: [root] });
  const remove = () => {
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    release();
  };
  try {
    const server = await startPostgres(programs, {
      dir,
      password: randomBytes(18).toString('base64url'),
      extra: careless,
      stopMode: 'immediate',
    });
    return {
      ...server,
      async stop() {
        await server.stop();
        remove();
      },
    };
  } catch (error) {
    await stopPostgres(dir, 'immediate');
    remove();
    throw error;
  }
}

function makeRoot() {
  const account = accountFor('');
  for (const place of places()) {
    const root = mkdtempSync(join(place, prefix));
    chmodSync(root, account ? 0o755 : 0o700);
    if (canReach(account, root)) {
      writeFileSync(join(root, 'owner.json'), JSON.stringify(recordOf(process.pid)), { mode: 0o600 });
      return root;
    }
    rmSync(root, { recursive: true });
  }
  throw new PlainError(`PostgreSQL's account cannot enter ${places().join(' or ')}.`);
}

/** Removes only folders of this user whose owner process no longer runs. */
async function removeAbandoned() {
  for (const place of places()) {
    for (const name of readdirSync(place)) {
      const root = join(place, name);
      if (!name.startsWith(prefix) || !isAbandoned(root)) continue;
      const dir = join(root, 'postgres');
      await stopPostgres(dir, 'immediate');
      rmSync(root, { recursive: true, force: true });
    }
  }
}

/** @param {string} root */
function isAbandoned(root) {
  try {
    const info = lstatSync(root);
    if (!info.isDirectory() || info.uid !== process.getuid?.()) return false;
    return !isRunning(JSON.parse(readFileSync(join(root, 'owner.json'), 'utf8')));
  } catch {
    return false;
  }
}
