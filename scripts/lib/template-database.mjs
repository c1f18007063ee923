// @ts-check
// The database that every test suite copies: migrated once.
import { ensureDatabase } from './postgres.mjs';

export const templateDatabase = 'solospark_template';

/** @param {(database: string) => string} urlOf */
export async function makeTemplate(urlOf) {
  await ensureDatabase(urlOf('postgres'), templateDatabase);
  const { applyMigrations } = await import('@solospark/db');
  await applyMigrations({ url: urlOf(templateDatabase) });
}
