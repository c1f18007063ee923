import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  isTransient,
  openDatabase,
  Patience,
  withPatience,
  withRetry,
  type Database,
  type DatabaseOptions,
} from '../src/index.ts';

let target: TestDatabase;
const opened: Database[] = [];

beforeAll(async () => {
  target = await createTestDatabase();
  await target.database.query(`INSERT INTO organization (id, name, slug) VALUES ('o', 'O', 'o')`);
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => target.drop());

function open(options: Partial<DatabaseOptions> = {}): Database {
  const database = openDatabase({ url: target.url, ...options });
  opened.push(database);
  return database;
}

const nameOf = async (database: Database) =>
  (await database.query<{ name: string }>(`SELECT name FROM organization WHERE id = 'o'`))[0]?.name;

/** Ends all server processes with this application name. */
const killAll = (applicationName: string) =>
  target.database.query(
    'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1',
    [applicationName],
  );

describe('query', () => {
  it('returns dates, numbers and JSON as JavaScript values', async () => {
    const [row] = await open().query(
      `SELECT '2026-12-01T09:00:00+02'::timestamptz AS at, 5::bigint AS count, '{"a":[1]}'::jsonb AS json,
              $1::timestamptz AS echo`,
      [new Date('2026-12-01T10:30:00.123Z')],
    );
    expect(row).toEqual({
      at: new Date('2026-12-01T07:00:00Z'),
      count: 5,
      json: { a: [1] },
      echo: new Date('2026-12-01T10:30:00.123Z'),
    });
  });

  it('and Prisma read and write the same instant, whatever time zone the server has', async () => {
    const name = new URL(target.url).pathname.slice(1);
    await target.database.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Tokyo'`);
    const database = open();
    const scheduledAt = new Date('2026-12-01T09:00:00.250Z');
    const { id } = await database.prisma.post.create({
      data: { organizationId: 'o', text: 't', scheduledAt },
    });
    const rows = await database.query('SELECT scheduled_at FROM post WHERE id = $1', [id]);
    expect(rows).toEqual([{ scheduled_at: scheduledAt }]);
    await database.query('UPDATE post SET scheduled_at = $2 WHERE id = $1', [id, new Date(0)]);
    const read = await database.prisma.post.findUniqueOrThrow({ where: { id } });
    expect(read.scheduledAt).toEqual(new Date(0));
  });

  it('ends a statement at its time limit, and the next one works', async () => {
    const database = open({ maxConnections: 1, statementTimeoutMs: 300 });
    await expect(database.query('SELECT pg_sleep(20)')).rejects.toThrow(
      'canceling statement due to statement timeout',
    );
    expect(await nameOf(database)).toBe('O');
  });

  it('shares its connections with Prisma', async () => {
    const database = open({ maxConnections: 2, applicationName: 'one-pool' });
    const work = [1, 2, 3, 4].flatMap(() => [database.query('SELECT 1'), database.prisma.post.count()]);
    await Promise.all(work);
    const rows = await target.database.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'one-pool'`,
    );
    expect(rows.length).toBeLessThanOrEqual(2);
  });

  it('does not wait for ever for a connection', async () => {
    const database = open({ maxConnections: 1, connectTimeoutMs: 1_000 });
    await database.transaction(async () => {
      const error = await database.query('SELECT 1').catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: 'timeout exceeded when trying to connect' });
      expect(isTransient(error)).toBe(true);
    });
  });

  it('keeps its connection when PostgreSQL refuses a statement', async () => {
    const database = open({ maxConnections: 1 });
    const pid = async () => (await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]?.pid;
    const before = await pid();
    await expect(
      database.query(`INSERT INTO organization (id, name, slug) VALUES ('o', 'O', 'o')`),
    ).rejects.toThrow('duplicate key');
    expect(await pid()).toBe(before);
  });
});

describe('transaction', () => {
  const rename = `UPDATE organization SET name = $1 WHERE id = 'o'`;
  afterEach(() => target.database.query(rename, ['O']));

  it('commits what was done in it', async () => {
    const database = open();
    await database.transaction((tx) => tx.query(rename, ['P']));
    expect(await nameOf(database)).toBe('P');
  });

  it('rolls back when its work throws, and keeps the connection', async () => {
    const database = open({ maxConnections: 1 });
    const failed = database.transaction(async (tx) => {
      await tx.query(rename, ['P']);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await nameOf(database)).toBe('O');
  });

  it('does not report success when an error in it was swallowed', async () => {
    const database = open();
    const swallowed = database.transaction(async (tx) => {
      await tx.query(rename, ['P']);
      await tx.query('SELECT nonsense').catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow('rolled back');
    expect(await nameOf(database)).toBe('O');
  });

  it('is rolled back by the server when its process hangs in the middle of it', async () => {
    const database = open({ statementTimeoutMs: 300 });
    const hung = database.transaction(async (tx) => {
      await tx.query(rename, ['P']);
      await untilFree();
      await tx.query(rename, ['Q']);
    });
    await expect(hung).rejects.toThrow('Client has encountered a connection error');
    expect(await nameOf(database)).toBe('O');
  });

  /** Resolves when no transaction holds the row any more. */
  async function untilFree(): Promise<void> {
    await target.database.query(`SELECT 1 FROM organization WHERE id = 'o' FOR UPDATE`);
  }
});

describe('a killed backend', () => {
  it('is replaced by the next query, with SQL and with Prisma, and does not end the process', async () => {
    const lost: string[] = [];
    const log = { warn: (_: unknown, message?: string) => void lost.push(String(message)) };
    const database = open({
      applicationName: 'killed-idle',
      log: log as NonNullable<DatabaseOptions['log']>,
    });
    await Promise.all([database.query('SELECT pg_sleep(0.05)'), database.prisma.post.count()]);
    await killAll('killed-idle');
    await expect(withRetry(() => nameOf(database))).resolves.toBe('O');
    await killAll('killed-idle');
    await expect(withRetry(() => database.prisma.organization.count())).resolves.toBe(1);
    expect(lost).toContain('idle database connection lost');
  });

  it.each([
    ['SQL', (database: Database) => database.query('SELECT pg_sleep(20)')],
    ['Prisma', (database: Database) => database.prisma.$queryRaw`SELECT pg_sleep(20)::text`],
    ['a transaction', (database: Database) => database.transaction((tx) => tx.query('SELECT pg_sleep(20)'))],
    [
      'a transaction of Prisma',
      (database: Database) => database.prisma.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(20)::text`),
    ],
  ])('in the middle of %s is a transient fault', async (_, sleep) => {
    const database = open({ applicationName: 'killed-busy', maxConnections: 1 });
    const failed = sleep(database).then(
      () => undefined,
      (error: unknown) => error,
    );
    const busy = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'killed-busy' AND query LIKE '%sleep%'`;
    for (const until = Date.now() + 20_000; (await target.database.query(busy)).length === 0;) {
      if (Date.now() > until) throw new Error('the query never began');
    }
    await killAll('killed-busy');
    expect(isTransient(await failed)).toBe(true);
    expect(await nameOf(database)).toBe('O');
  });

  it('and a server that is down are both transient faults', async () => {
    const database = open({ url: 'postgresql://nobody@127.0.0.1:1/nothing' });
    expect(isTransient(await database.query('SELECT 1').catch((error: unknown) => error))).toBe(true);
    expect(isTransient(await database.prisma.post.count().catch((error: unknown) => error))).toBe(true);
  });
});

describe('close', () => {
  it('leaves no connection, and may be called twice', async () => {
    const database = openDatabase({ url: target.url, applicationName: 'closing' });
    await Promise.all([database.query('SELECT 1'), database.prisma.post.count()]);
    await Promise.all([database.close(), database.close()]);
    const left = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'closing'`;
    for (const until = Date.now() + 20_000; (await target.database.query(left)).length > 0;) {
      if (Date.now() > until) throw new Error('connections are left');
    }
  });
});

describe('the patience of a request', () => {
  const ofPrisma = async (db: Database) => await db.prisma.organization.findUnique({ where: { id: 'o' } });
  const ofSql = (db: Database) => nameOf(db);

  it.each([
    ['a call of Prisma', ofPrisma],
    ['a statement of ours', ofSql],
  ])('is used up by the wait of %s', async (_, read) => {
    const db = open();
    await read(db);
    const patience = new Patience({ totalMs: 10_000 });
    await open().transaction(async (tx) => {
      await tx.query('LOCK TABLE organization');
      const reading = withPatience(patience, () => read(db));
      await new Promise((resolve) => setTimeout(resolve, 600));
      await tx.query('COMMIT');
      await reading;
    });
    expect(patience.remainingMs).toBeLessThan(9_600);
  });
});
