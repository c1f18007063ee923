// Applies prisma/migrations as `prisma migrate deploy` does, with the same lock, table and checksums, so that both work on
// the same database. Two differences: a migration and its record are one transaction, so one that fails leaves nothing
// behind; and an applied migration that was edited afterwards is refused instead of ignored.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, type Logger } from '@solospark/foundation';
import pg from 'pg';
import { connectionStringOf, databaseUrlProblem } from './database-url.ts';
import { explainDatabaseError } from './explain-database-error.ts';
import { isTransient, withRetry } from './transient.ts';

export interface MigrationTarget {
  /** Not through a pooler in transaction mode: the advisory lock belongs to the session. */
  url: string;
  /** Where the migrations are. Default: prisma/migrations of this repository. */
  directory?: string;
}

export interface MigrationOptions extends MigrationTarget {
  log?: Pick<Logger, 'info'>;
  /** How long a migration waits for a lock in one try. Sessions that come to the table after it wait as long. */
  lockWaitMs?: number;
  /** How long it tries to get its locks in total. */
  lockPatienceMs?: number;
}

export interface MigrationState {
  name: string;
  /** `unknown`: recorded in the database, but not in the directory: a newer version has applied it. */
  state: 'applied' | 'pending' | 'edited' | 'failed' | 'unknown';
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** The advisory lock that Prisma's own engine takes. */
const lockId = 72707369;
/** Longer than the default of `lockPatienceMs`, so that a waiting process outlasts a migration that waits for a table. */
const lockTimeoutMs = 120_000;
const repositoryDirectory = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/**
 * Brings the database up to date and returns the names of the migrations that it applied, in order. Several processes may
 * call it at the same time: one applies, the others wait and find nothing to do. It waits for a server that is starting.
 * For a table that is in use it waits in short tries, so that other sessions are not blocked behind the migration.
 *
 * @throws Error when an applied migration was edited, a failed one is recorded, a migration does not apply, or the database
 * belongs to another application or cannot be used.
 */
export async function applyMigrations(target: MigrationOptions): Promise<string[]> {
  const migrations = readMigrations(target.directory);
  return await withSession(target.url, async (client) => {
    await takeLock(client);
    await refuseForeign(client, migrations);
    await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id                  VARCHAR(36) PRIMARY KEY NOT NULL,
      checksum            VARCHAR(64) NOT NULL,
      finished_at         TIMESTAMPTZ,
      migration_name      VARCHAR(255) NOT NULL,
      logs                TEXT,
      rolled_back_at      TIMESTAMPTZ,
      started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
      applied_steps_count INTEGER NOT NULL DEFAULT 0
    )`);
    const states = await compare(client, migrations);
    refuse(states, 'failed', 'failed half-way; repair the database and run `prisma migrate resolve`');
    refuse(states, 'edited', 'changed after it was applied; restore the file and write a new migration');

    const pending = new Set(states.filter(({ state }) => state === 'pending').map(({ name }) => name));
    const applied: string[] = [];
    for (const migration of migrations.filter(({ name }) => pending.has(name))) {
      await apply(client, migration, target);
      target.log?.info({ migration: migration.name }, 'migration applied');
      applied.push(migration.name);
    }
    return applied;
  });
}

/** The state of each migration, in order. Changes nothing. */
export async function readMigrationStates(target: MigrationTarget): Promise<MigrationState[]> {
  const migrations = readMigrations(target.directory);
  return await withSession(target.url, async (client) => {
    await refuseForeign(client, migrations);
    if (!(await hasRecords(client))) return migrations.map(({ name }) => ({ name, state: 'pending' }));
    return await compare(client, migrations);
  });
}

function readMigrations(directory = repositoryDirectory): Migration[] {
  if (!existsSync(directory)) throw new Error(`there is no folder of migrations at ${directory}`);
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

async function withSession<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const problem = databaseUrlProblem(url.trim());
  if (problem) throw new Error(`The URL of the database ${problem}.`);
  try {
    return await withOpenSession(connectionStringOf(url), work);
  } catch (error) {
    const explained = explainDatabaseError(error);
    throw explained ? new Error(explained.sentence, { cause: error }) : error;
  }
}

async function withOpenSession<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await withRetry(async () => {
    const attempt = new pg.Client({
      connectionString: url,
      application_name: 'solospark-migrate',
      connectionTimeoutMillis: 10_000,
    });
    // The running query rejects with the same error. Without a listener, this event would also end the process.
    attempt.on('error', () => undefined);
    await attempt.connect();
    // Migrations have no time limit, whatever is set for this role or database.
    await attempt.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
    return attempt;
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function takeLock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
    // Held until the session ends, however it ends.
    await client.query(`SELECT pg_advisory_lock(${lockId})`);
    await client.query('RESET lock_timeout');
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '55P03')) throw error;
    throw new Error(`another process has been migrating this database for more than ${lockTimeoutMs} ms`, {
      cause: error,
    });
  }
}

async function hasRecords(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT WHERE to_regclass('_prisma_migrations') IS NOT NULL`);
  return rowCount === 1;
}

/**
 * Every application that uses Prisma has a table of this name. If it has records and none is ours, the database belongs to
 * another application, whose own next migration would find our records.
 *
 * @throws Error when the database belongs to another application, or the user's schema is not "public".
 */
async function refuseForeign(client: pg.Client, migrations: Migration[]): Promise<void> {
  const { rows } = await client.query<{ schema: string | null; db: string }>(
    'SELECT current_schema() AS schema, current_database() AS db',
  );
  const { schema = null, db = '' } = rows[0] ?? {};
  if (schema !== 'public') {
    throw new Error(
      `The tables of SoloSpark are in the schema "public", and this user of the database "${db}" works in ` +
        `${schema === null ? 'no schema at all' : `"${schema}"`}: ALTER ROLE … SET search_path = public, and GRANT CREATE, USAGE ON SCHEMA public to it.`,
    );
  }
  if (!(await hasRecords(client))) return;
  const { rows: records } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations ORDER BY started_at',
  );
  const ours = new Set(migrations.map(({ name }) => name));
  const [foreign] = records;
  if (foreign === undefined || records.some(({ name }) => ours.has(name))) return;
  throw new Error(
    `The database "${db}" belongs to another application: its migrations (such as ${foreign.name}) are none of SoloSpark's. ` +
      'Nothing was changed. Give SoloSpark a database of its own: CREATE DATABASE solospark.',
  );
}

async function compare(client: pg.Client, migrations: Migration[]): Promise<MigrationState[]> {
  const { rows } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const recorded = new Map(rows.map((row) => [row.name, row]));
  const known = new Set(migrations.map(({ name }) => name));
  const states = migrations.map(({ name, checksum }): MigrationState => {
    const row = recorded.get(name);
    if (row === undefined) return { name, state: 'pending' };
    if (!row.finished) return { name, state: 'failed' };
    return { name, state: row.checksum === checksum ? 'applied' : 'edited' };
  });
  for (const { name, finished } of rows) {
    if (!known.has(name)) states.push({ name, state: finished ? 'unknown' : 'failed' });
  }
  return states;
}

function refuse(states: MigrationState[], state: 'failed' | 'edited', what: string): void {
  const names = states.filter((migration) => migration.state === state).map(({ name }) => name);
  if (names.length > 0) throw new Error(`migration ${names.join(', ')} ${what}`);
}

const lockNotAvailable = '55P03';

/**
 * A migration that waits for its lock on a table blocks every session that comes to the table after it, readers too. So it
 * waits only for a moment, lets the others through, and tries again.
 */
async function apply(
  client: pg.Client,
  migration: Migration,
  { log, lockWaitMs = 2_000, lockPatienceMs = 90_000 }: MigrationOptions,
): Promise<void> {
  const { name } = migration;
  for (const since = performance.now(); ;) {
    try {
      return await applyOnce(client, migration, lockWaitMs);
    } catch (error) {
      // When the connection is lost, the server rolls back by itself.
      const isLocked = error instanceof pg.DatabaseError && error.code === lockNotAvailable;
      if (isLocked || !isTransient(error)) await client.query('ROLLBACK');
      const why = isLocked ? inUse(lockPatienceMs) : whyNot(error);
      if (!isLocked || performance.now() - since > lockPatienceMs)
        throw new Error(`migration ${name} did not apply: ${why}`, { cause: error });
      log?.info({ migration: name }, 'migration waits for a table that is in use');
      await sleep(lockWaitMs * (0.5 + Math.random()));
    }
  }
}

function whyNot(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  // A table or another object of that name exists, and no record says that a migration of ours made it.
  return code === '42P07' || code === '42710'
    ? `${message}. The database is not empty: give SoloSpark a database of its own`
    : message;
}

function inUse(patienceMs: number): string {
  return (
    `another session has held a table that it changes for more than ${patienceMs / 1000} s. Nothing was changed. ` +
    'Find that session in pg_stat_activity, end it or wait for its end, and try again'
  );
}

async function applyOnce(
  client: pg.Client,
  { name, sql, checksum }: Migration,
  lockWaitMs: number,
): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockWaitMs}`);
  await client.query(sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
    [randomUUID(), checksum, name],
  );
  await client.query('COMMIT');
}
