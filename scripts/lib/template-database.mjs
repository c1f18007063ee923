// @ts-check
// Makes the template database, which is migrated once and copied by every test suite.
import { ensureDatabase } from './postgres.mjs';

export const templateDatabase = 'solospark_template';

/** @param {(database: string) => string} urlOf */
export async function makeTemplate(urlOf) {
  await ensureDatabase(urlOf('postgres'), templateDatabase);
  const { applyMigrations } = await import('@solospark/db');
  await applyMigrations({ url: urlOf(templateDatabase) });
}
