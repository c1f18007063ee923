import { openDatabase, type Database } from '@solospark/db';
import { randomBytes } from 'node:crypto';

// One database for each suite, copied from the template that the test run migrated. Suites do not see or block each other.

export interface TestDatabase {
  url: string;
  database: Database;
  /** Closes `database` and drops the database, even if other clients are still connected. */
  drop: () => Promise<void>;
}

/** A fresh database with every migration applied, or an empty one with `{ empty: true }`. */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const serverUrl = process.env['TEST_DATABASE_URL'];
  const template = empty ? 'template1' : process.env['TEST_TEMPLATE_DATABASE'];
  if (!serverUrl || !template) {
    throw new Error('no PostgreSQL for tests: run them with `npm test`, or `node scripts/test.mjs <path>`');
  }
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(serverUrl);
  url.pathname = name;
  const database = openDatabase({ url: url.href, applicationName: 'test' });
  return {
    url: url.href,
    database,
    async drop() {
      await database.close();
      await onServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const server = openDatabase({
    url,
    applicationName: 'test',
    maxConnections: 1,
    statementTimeoutMs: 0,
  });
  try {
    for (const until = Date.now() + 60_000; ;) {
      try {
        await server.query(sql);
        return;
      } catch (error) {
        // 55006 (object_in_use): another suite is copying the same template.
        const busy = (error as { code?: string }).code === '55006';
        if (!busy || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } finally {
    await server.close();
  }
}
