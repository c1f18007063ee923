// @ts-check
// The database of a stack: the one in the settings, one that the caller passes, or the home's own.
import { openHomePostgres } from './home-postgres.mjs';
import { ensureDatabase } from './postgres.mjs';
import { PlainError, step } from './report.mjs';

const databaseName = 'solospark';

/** @typedef {{ urlOf: (database: string) => string, stop: () => Promise<void>, port: number }} Server */

/**
 * @param {object} options
 * @param {import('./home.mjs').Env} options.settings
 * @param {Server | undefined} options.server
 * @param {string} options.home
 * @param {string} options.password of the home's own database
 * @param {number | undefined} options.port of the last run
 * @param {boolean} options.quiet
 * @param {(what: string, stop: () => Promise<void>) => void} options.onOpened
 */
export async function openDatabase({ settings, server, home, password, port, quiet, onOpened }) {
  if (settings.DATABASE_URL && !server) {
    const { DATABASE_URL: url, DIRECT_URL: directUrl = url } = settings;
    return { url, directUrl, port };
  }
  const open = () => openHomePostgres(home, { password, port });
  const postgres = server ?? (await step('Starting PostgreSQL', open, { quiet }));
  onOpened('PostgreSQL', postgres.stop);
  await ensureDatabase(postgres.urlOf('postgres'), databaseName);
  const url = postgres.urlOf(databaseName);
  return { url, directUrl: url, port: postgres.port };
}

/**
 * @param {string} directUrl
 * @param {{ quiet: boolean }} options
 */
export async function migrate(directUrl, { quiet }) {
  const { applyMigrations } = await import('@solospark/db');
  try {
    await step('Applying migrations', () => applyMigrations({ url: directUrl }), { quiet });
  } catch (error) {
    throw new PlainError(
      `The database cannot be used: ${error instanceof Error ? error.message : String(error)}\n` +
        'Check DATABASE_URL (and DIRECT_URL): the server must run, and the database must exist and belong to that user.',
    );
  }
}
