// One connection pool with two interfaces: Prisma for what reads well as objects, SQL for the hot path. Both work through
// PgBouncer in transaction mode: no named prepared statements and no session state.
import { PrismaPg } from '@prisma/adapter-pg';
import type { Logger } from '@solospark/foundation';
import pg from 'pg';
import { connectionStringOf } from './database-url.ts';
import { PrismaClient } from './generated/client.ts';
import { limitedClient, statementMsNow, type StatementLimits } from './limited-client.ts';
import { asOneTry, PatientPool } from './patience.ts';
import { isTransient, leavesConnectionUsable } from './transient.ts';

/** What a repository needs to run SQL, inside a transaction or not. */
export interface SqlRunner {
  /**
   * Runs one statement. Rows come with the database's names; timestamptz as Date, int8 as number, jsonb parsed, numeric
   * as text. Pass jsonb parameters as JSON.stringify(value): pg sends a bare array as a PostgreSQL array.
   */
  query<Row extends object = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
}

export interface Database extends SqlRunner {
  prisma: PrismaClient;
  /** The most connections that it has open at one time. */
  readonly maxConnections: number;
  /** BEGIN, `fn`, COMMIT on one connection; ROLLBACK when `fn` throws. Everything in it goes through `tx`. */
  transaction<T>(fn: (tx: SqlRunner) => Promise<T>): Promise<T>;
  /** Waits for the queries under way, then closes every connection. A second call does nothing. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  maxConnections?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** How long a caller waits for a connection, whether it is opened or taken from the pool. */
  connectTimeoutMs?: number;
  /**
   * How long the server works on one statement, including waits for locks. Then it ends the statement and rolls it back.
   * 0: no limit; needed for what cannot run inside a transaction (CREATE DATABASE).
   */
  statementTimeoutMs?: number;
  log?: Pick<Logger, 'warn'>;
}

/** After this, the server ends the transaction of a process that froze: other processes may be waiting for its locks. */
const idleInTransactionMs = 3_000;

/** The server reports a statement that passed its limit. A server that says nothing is given up this much later. */
const silenceMs = 5_000;

/** Connects lazily, with the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { statementTimeoutMs = 15_000, maxConnections = 10 } = options;
  const limits: StatementLimits = {
    statementMs: statementTimeoutMs,
    idleInTransactionMs: Math.min(statementTimeoutMs || idleInTransactionMs, idleInTransactionMs),
  };
  const pool = new PatientPool({
    connectionString: connectionStringOf(options.url),
    ...(/[?&]channel_binding=(prefer|require)\b/.test(options.url) && { enableChannelBinding: true }),
    max: maxConnections,
    application_name: options.applicationName ?? 'solospark',
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    // Connections that a burst opened are closed soon.
    idleTimeoutMillis: 10_000,
    Client: limitedClient(limits),
    // pg's own timeout: it drops the socket of a server or pooler that no longer answers.
    ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + silenceMs }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- typed as void, but the pool waits for it
    onConnect: prepareConnection,
  });
  // The next query replaces an idle connection that broke. Without a listener, this event would end the process.
  pool.on('error', (err) => options.log?.warn({ err }, 'idle database connection lost'));

  const warnLost = (err: Error) => options.log?.warn({ err }, 'database connection lost in use');
  const client = new PrismaClient({
    adapter: new PrismaPg(pool, { onConnectionError: warnLost }),
    // The longer formats quote arguments, and a post's text is one.
    errorFormat: 'minimal',
  });
  // Counts against the patience of a request, as a statement of ours does.
  const prisma = client.$extends({
    query: { $allOperations: ({ args, query }) => asOneTry(() => query(args), isTransient) },
  }) as unknown as PrismaClient;

  const withClient: typeof useClient = (work) => asOneTry(() => useClient(work), isTransient);

  async function useClient<T>(work: (client: pg.PoolClient, discard: () => void) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken = false;
    try {
      return await work(client, () => (broken = true));
    } finally {
      client.release(broken);
    }
  }

  let closed: Promise<void> | undefined;
  return {
    prisma,
    maxConnections,
    query: <Row extends object>(sql: string, params: unknown[] = []) =>
      withClient((client, discard) =>
        runStatement<Row>(client, sql, params).catch((error: unknown) => {
          if (!leavesConnectionUsable(error)) discard();
          throw error;
        }),
      ),
    transaction: (fn) => withClient((client, discard) => runTransaction(client, limits, discard, fn)),
    close: () => (closed ??= prisma.$disconnect().then(() => pool.end())),
  };
}

/**
 * @prisma/adapter-pg writes times without an offset and reads them as UTC, so every session has to be in UTC. PgBouncer
 * applies this one setting to each server connection that it picks.
 */
async function prepareConnection(client: pg.ClientBase): Promise<void> {
  // A connection that breaks in use rejects its query and also emits 'error'. The caller handles the rejection. The event
  // would end the process without a listener, and the pool listens only while a connection is idle.
  client.on('error', () => undefined);
  await client.query(`SET TIME ZONE 'UTC'`);
}

const int8Oid = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8Oid ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
};

async function runStatement<Row extends object>(
  client: pg.ClientBase,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const { rows } = await client.query<Row>({ text, values, types, queryMode: 'extended' } as pg.QueryConfig);
  return rows;
}

async function runTransaction<T>(
  client: pg.ClientBase,
  limits: StatementLimits,
  discard: () => void,
  fn: (tx: SqlRunner) => Promise<T>,
): Promise<T> {
  try {
    // In one round trip. The settings end with the transaction, and hold for its COMMIT too.
    await client.query(
      `BEGIN; SET LOCAL statement_timeout = ${statementMsNow(limits)}; SET LOCAL idle_in_transaction_session_timeout = ${limits.idleInTransactionMs}`,
    );
    const result = await fn({ query: (sql, params = []) => runStatement(client, sql, params) });
    const { command } = await client.query('COMMIT');
    // After a failed statement, PostgreSQL answers COMMIT with ROLLBACK, and no error.
    if (command !== 'COMMIT')
      throw new Error('the transaction was rolled back: a statement in it had failed');
    return result;
  } catch (error) {
    // If this fails, the connection is gone and the server rolls back by itself. The first error is the cause.
    await client.query('ROLLBACK').catch(discard);
    throw error;
  }
}
