import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { describeWithPgbouncer, startPgbouncer, type Pgbouncer } from '../../../test/support/pgbouncer.ts';
import { isTransient, openDatabase, withRetry, type Database } from '../src/index.ts';

// The server itself ends statements that wait too long, so that they do not pile up in it.

const POOL = 4;
const READERS = 20;

let target: TestDatabase;
const opened: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  target = await createTestDatabase();
  await target.database.query(`INSERT INTO organization (id, name, slug) VALUES ('o', 'O', 'o')`);
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

afterAll(() => target.drop());

function open(url: string, options: { statementTimeoutMs?: number; maxConnections?: number } = {}): Database {
  const database = openDatabase({
    url,
    applicationName: 'limited',
    maxConnections: POOL,
    statementTimeoutMs: 400,
    ...options,
  });
  opened.push(database);
  return database;
}

/** Another session, such as a migration, locks the table. Returns a function that releases it. */
async function lockPosts(): Promise<() => Promise<unknown>> {
  const session = new pg.Client({ connectionString: target.url, application_name: 'locker' });
  await session.connect();
  opened.push({ close: () => session.end() });
  await session.query('BEGIN; LOCK TABLE post');
  return () => session.query('COMMIT');
}

async function backends(): Promise<{ all: number; waiting: number }> {
  const [row] = await target.database.query<{ all: number; waiting: number }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND application_name NOT IN ('locker', 'test') AND backend_type = 'client backend'`,
  );
  return row ?? { all: 0, waiting: 0 };
}

/** Twenty callers that retry while the table is locked, half of them through Prisma. */
async function readThroughALock(database: Database) {
  const unlock = await lockPosts();
  let asked = 0;
  const onRetry = () => void (asked += 1);
  const readers = Array.from({ length: READERS }, (_, at) =>
    withRetry<unknown>(
      () => (at % 2 ? database.query('SELECT count(*) FROM post') : database.prisma.post.count()),
      { attempts: 100, onRetry },
    ),
  );
  const most = { all: 0, waiting: 0 };
  // Longer than the limit and several retries: a statement that was left behind would show next to its retry.
  for (const until = Date.now() + 20_000; asked < READERS * 2 && Date.now() < until; await delay(20)) {
    const now = await backends();
    most.all = Math.max(most.all, now.all);
    most.waiting = Math.max(most.waiting, now.waiting);
  }
  await unlock();
  await Promise.all(readers);
  return { asked, most };
}

describe('statements that wait for a locked table', () => {
  it('never hold more connections of the server than the pool has, and go on when it is free', async () => {
    const { asked, most } = await readThroughALock(open(target.url));
    expect(asked).toBeGreaterThanOrEqual(READERS * 2);
    expect(most.waiting).toBeGreaterThan(0);
    expect(most.all).toBeLessThanOrEqual(POOL);
    expect(await backends()).toMatchObject({ waiting: 0 });
  });

  it.each([
    ['SQL', (database: Database) => database.query('DELETE FROM post')],
    ['Prisma', (database: Database) => database.prisma.post.deleteMany()],
    ['SQL of Prisma', (database: Database) => database.prisma.$executeRaw`DELETE FROM post`],
    ['a transaction', (database: Database) => database.transaction((tx) => tx.query('DELETE FROM post'))],
    [
      'a transaction of Prisma',
      (database: Database) => database.prisma.$transaction((tx) => tx.post.deleteMany()),
    ],
  ])('are ended by the server in %s: rolled back, and reported as a transient fault', async (_, work) => {
    const database = open(target.url, { maxConnections: 1 });
    await database.prisma.post.deleteMany();
    await database.prisma.post.create({ data: { organizationId: 'o', text: 'kept' } });
    const unlock = await lockPosts();
    const error: unknown = await work(database).then(
      () => 'no error',
      (thrown: unknown) => thrown,
    );
    expect(isTransient(error)).toBe(true);
    expect(await backends()).toMatchObject({ waiting: 0 });
    await unlock();
    expect(await database.prisma.post.count()).toBe(1);
  });
});

describe('a transaction of Prisma whose process hangs', () => {
  it('releases its locks', async () => {
    const database = open(target.url, { maxConnections: 1 });
    let isFree = false;
    const hung = database.prisma.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT id FROM organization FOR UPDATE`;
        await target.database.query(`SELECT 1 FROM organization WHERE id = 'o' FOR UPDATE`);
        isFree = true;
        await tx.organization.count();
      },
      { timeout: 60_000 },
    );
    await expect(hung).rejects.toThrow();
    expect(isFree).toBe(true);
  });
});

describeWithPgbouncer('through PgBouncer in transaction mode', () => {
  let pooler: Pgbouncer;
  beforeAll(async () => {
    pooler = await startPgbouncer(target.url, { poolSize: POOL });
  });
  afterAll(() => pooler.stop());

  it('statements that wait for a locked table end at their limit too, and all succeed when it is free', async () => {
    const { asked, most } = await readThroughALock(open(pooler.url, { maxConnections: 2 * POOL }));
    expect(asked).toBeGreaterThanOrEqual(READERS * 2);
    expect(most.waiting).toBeGreaterThan(0);
    expect(most.all).toBeLessThanOrEqual(POOL);
  });

  it("one client's time limit does not stay for the next client of the same connection", async () => {
    const limited = open(pooler.url);
    await Promise.all(Array.from({ length: POOL }, () => limited.query('SELECT pg_sleep(0.1)')));
    const other = new pg.Client({ connectionString: pooler.url });
    await other.connect();
    opened.push({ close: () => other.end() });
    const { rows } = await other.query('SHOW statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '0' }]);
  });
});
