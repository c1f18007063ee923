import pg from 'pg';
import { openPostgres, openRedis, type PostgresServer, type RedisServer } from '../test/chaos/servers.ts';
import { ensureDatabase } from '../scripts/lib/postgres.mjs';

// One PostgreSQL and one Redis for all contestants; each contestant has its own database or key prefix.

/** The number of database connections of each contestant, ours included. */
export const POOL_SIZE = 20;

export type Sql = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

export interface Servers {
  postgres: PostgresServer;
  redis: RedisServer;
  /** URLs of our database, and of the one that the baselines share. */
  oursUrl: string;
  baselineUrl: string;
  /** Makes a checkpoint, so that no contestant pays for writes of the one before. */
  settle(): Promise<void>;
  /** Runs a statement of the bench itself, on our database. */
  sql: Sql;
  /** The same, on the baselines' database. */
  baselineSql: Sql;
  close(): Promise<void>;
}

/** @param durable a commit is on the disk before it is answered, as in production; false measures what the disk costs */
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
    // The server was started with the settings for tests, which have these off.
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
  // PostgreSQL closes idle connections when it stops; that must not end the bench.
  pool.on('error', () => undefined);
  return pool;
}

function sqlOn(pool: pg.Pool): Sql {
  return async <Row>(text: string, values?: unknown[]) => (await pool.query(text, values)).rows as Row[];
}
