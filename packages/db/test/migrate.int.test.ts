import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { applyMigrations, readMigrationStates } from '../src/index.ts';

const migrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
const names = readdirSync(migrations).filter((name) => /^\d{14}_/.test(name));

let target: TestDatabase;
/** A copy of the migrations that a test may spoil. */
let directory: string;

beforeEach(async () => {
  target = await createTestDatabase({ empty: true });
  directory = mkdtempSync(join(tmpdir(), 'solospark-migrations-'));
  cpSync(migrations, directory, { recursive: true });
});

afterEach(async () => {
  rmSync(directory, { recursive: true, force: true });
  await target.drop();
});

function addMigration(name: string, sql: string): void {
  mkdirSync(join(directory, name));
  writeFileSync(join(directory, name, 'migration.sql'), sql);
}

async function tableExists(name: string): Promise<boolean> {
  const rows = await target.database.query('SELECT 1 FROM pg_tables WHERE tablename = $1', [name]);
  return rows.length === 1;
}

describe('applyMigrations', () => {
  it('applies every migration once when several processes start on an empty database', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => applyMigrations({ url: target.url, directory })));
    expect(runs.map((applied) => applied.length).sort()).toEqual([0, 0, names.length]);
    expect(runs.flat()).toEqual(names);
    const rows = await target.database.query<{ migration_name: string }>(
      'SELECT migration_name FROM _prisma_migrations ORDER BY started_at',
    );
    expect(rows.map((row) => row.migration_name)).toEqual(names);
    const states = await readMigrationStates({ url: target.url, directory });
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['applied']));
  });

  it('applies only what is new', async () => {
    await applyMigrations({ url: target.url });
    addMigration('20990101000000_more', 'CREATE TABLE more (id int)');
    expect(await applyMigrations({ url: target.url, directory })).toEqual(['20990101000000_more']);
    expect(await applyMigrations({ url: target.url })).toEqual([]);
    expect((await readMigrationStates({ url: target.url })).at(-1)?.state).toBe('unknown');
  });

  it('refuses to go on when an applied migration was edited', async () => {
    await applyMigrations({ url: target.url });
    writeFileSync(join(directory, names[1]!, 'migration.sql'), 'SELECT 1');
    addMigration('20990101000000_more', 'CREATE TABLE more (id int)');
    await expect(applyMigrations({ url: target.url, directory })).rejects.toThrow(
      new RegExp(`${names[1]} changed after it was applied`),
    );
    expect(await tableExists('more')).toBe(false);
  });

  it('refuses to go on after a migration that Prisma recorded as failed', async () => {
    await applyMigrations({ url: target.url });
    await target.database.query(
      'UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1',
      [names[2]],
    );
    await expect(applyMigrations({ url: target.url })).rejects.toThrow(`${names[2]} failed half-way`);
  });

  it('leaves nothing of a migration that fails in its middle, and keeps the ones before it', async () => {
    addMigration('20990101000000_fine', 'CREATE TABLE fine (id int)');
    addMigration('20990102000000_broken', 'CREATE TABLE half (id int); SELECT nonsense;');
    await expect(applyMigrations({ url: target.url, directory })).rejects.toThrow(
      /20990102000000_broken did not apply: column "nonsense" does not exist/,
    );
    expect(await tableExists('fine')).toBe(true);
    expect(await tableExists('half')).toBe(false);
    writeFileSync(join(directory, '20990102000000_broken', 'migration.sql'), 'CREATE TABLE half (id int);');
    expect(await applyMigrations({ url: target.url, directory })).toEqual(['20990102000000_broken']);
  });

  it('applies a migration and records it in one transaction', async () => {
    addMigration(
      '20990101000000_unrecordable',
      `CREATE TABLE half (id int); ALTER TABLE _prisma_migrations ADD CHECK (migration_name NOT LIKE '%unrecordable')`,
    );
    await expect(applyMigrations({ url: target.url, directory })).rejects.toThrow(
      'violates check constraint',
    );
    expect(await tableExists('half')).toBe(false);
  });

  it('refuses a database of another application that uses Prisma, and leaves its records alone', async () => {
    await target.database.query(
      `CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
         migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
         applied_steps_count INTEGER NOT NULL DEFAULT 0)`,
    );
    await target.database.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', 'c', '20230101000000_init', now())`,
    );
    for (const use of [applyMigrations, readMigrationStates]) {
      await expect(use({ url: target.url })).rejects.toThrow(
        /another application.*20230101000000_init.*its own/,
      );
    }
    expect(await target.database.query('SELECT migration_name FROM _prisma_migrations')).toHaveLength(1);
    expect(await tableExists('post')).toBe(false);
  });

  it('refuses a database with tables that are not ours, and leaves it as it was', async () => {
    await target.database.query('CREATE TABLE organization (mine int)');
    await expect(applyMigrations({ url: target.url })).rejects.toThrow(/a database of its own/);
    expect(await tableExists('post')).toBe(false);
  });

  it('refuses a user whose search_path would not put the tables in "public"', async () => {
    await target.database.query('CREATE SCHEMA spark');
    await target.database.query(
      `ALTER ROLE CURRENT_USER IN DATABASE ${new URL(target.url).pathname.slice(1)} SET search_path = spark`,
    );
    await expect(applyMigrations({ url: target.url })).rejects.toThrow(
      /works in "spark".*search_path = public/,
    );
    expect(await tableExists('_prisma_migrations')).toBe(false);
  });

  it('refuses a URL with a parameter that would be ignored, before it connects', async () => {
    await expect(applyMigrations({ url: `${target.url}?schema=spark` })).rejects.toThrow(
      /keeps its tables in "public"/,
    );
    expect(await applyMigrations({ url: ` ${target.url}?schema=public ` })).toEqual(names);
  });

  describe('on a table that another session uses', () => {
    const change = 'ALTER TABLE organization ADD COLUMN more int';
    let session: pg.Client;

    beforeEach(async () => {
      await applyMigrations({ url: target.url });
      addMigration('20990101000000_more', change);
      session = new pg.Client({ connectionString: target.url });
      await session.connect();
      await session.query('BEGIN; SELECT count(*) FROM organization');
    });
    afterEach(() => session.end());

    it('does not block other sessions while it waits, and applies when the table is free', async () => {
      const applying = applyMigrations({
        url: target.url,
        directory,
        lockWaitMs: 200,
        lockPatienceMs: 60_000,
      });
      const isWaiting = `SELECT 1 FROM pg_stat_activity WHERE query = $1 AND wait_event_type = 'Lock'`;
      for (
        const until = Date.now() + 20_000;
        (await target.database.query(isWaiting, [change])).length === 0;
      ) {
        if (Date.now() > until) throw new Error('the migration never waited');
      }
      for (const until = Date.now() + 2_000; Date.now() < until;) {
        await target.database.query('SELECT count(*) FROM organization');
      }
      await session.query('COMMIT');
      expect(await applying).toEqual(['20990101000000_more']);
    });

    it('gives up after lockPatienceMs, says that another session holds the table, and leaves nothing behind', async () => {
      await expect(
        applyMigrations({ url: target.url, directory, lockWaitMs: 50, lockPatienceMs: 300 }),
      ).rejects.toThrow(/^migration 20990101000000_more did not apply: another session has held a table/);
      expect((await readMigrationStates({ url: target.url, directory })).at(-1)?.state).toBe('pending');
    });
  });

  it('says which folder is missing', async () => {
    const missing = join(directory, 'nowhere');
    await expect(applyMigrations({ url: target.url, directory: missing })).rejects.toThrow(missing);
  });
});
