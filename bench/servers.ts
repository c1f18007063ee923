import pg from 'pg';
import { openPostgres, openRedis, type PostgresServer, type RedisServer } from '../test/chaos/servers.ts';
import { ensureDatabase } from '../scripts/lib/postgres.mjs';

// One PostgreSQL and one Redis for all contestants, each with a database or a key prefix of its own.

/** Each contestant may have as many connections of its own as we have. */
export const POOL_SIZE = 20;

export type Sql = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

export interface Servers {
  postgres: PostgresServer;
  redis: RedisServer;
  /** Of our own database, and of the one that the baselines share. */
  oursUrl: string;
  baselineUrl: string;
  /** Writes out what is dirty, so that nobody pays for what ran before. */
  settle(): Promise<void>;
  /** A statement by the bench itself, on our database. */
  sql: Sql;
  /** The same on the baselines' database. */
  baselineSql: Sql;
  close(): Promise<void>;
}

/** @param durable a commit is on the disk before it is answered, as in production; off shows what the disk costs */
export async function openServers({ durable }: { durable: boolean }): Promise<Servers> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const postgres = await openPostgres();
    closers.push(() => postgres.stop());
    const redis = await openRedis();
    closers.push(() => redis.stop());
    const [oursUrl, baselineUrl] = [postgres.urlOf('solospark'), postgres.urlOf('baseline')];
    for (const name of ['solospark', 'baseline']) await ensureDatabase(postgres.urlOf('postgres'), name);
    const [ours, baseline] = [openPool(oursUrl), openPool(baselineUrl)];
    closers.push(() => Promise.all([ours.end(), baseline.end()]));
    // The server was started for tests, which do without.
    for (const setting of durable ? ['fsync', 'full_page_writes', 'synchronous_commit'] : [])
      await ours.query(`ALTER SYSTEM SET ${setting} = on`);
    await ours.query('SELECT pg_reload_conf()');
    return {
      postgres,
      redis,
      oursUrl,
      baselineUrl,
      async settle() {
        await ours.query('CHECKPOINT');
      },
      sql: sqlOn(ours),
      baselineSql: sqlOn(baseline),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4, application_name: 'bench' });
  // An idle connection that PostgreSQL ends when it is stopped must not end the bench.
  pool.on('error', () => undefined);
  return pool;
}

function sqlOn(pool: pg.Pool): Sql {
  return async <Row>(text: string, values?: unknown[]) => (await pool.query(text, values)).rows as Row[];
}
