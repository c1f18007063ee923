// A pg client whose every statement carries its limit to the server. pg's own clock only drops the socket: PostgreSQL
// does not look at the socket of a statement that waits for a lock, so it waits on and keeps its connection, and whoever asks
// again takes one more, until the server has none left.
import pg from 'pg';
import { timeLeftMs } from './patience.ts';

export interface StatementLimits {
  /** How long the server works on one statement, waits for locks included. 0: as long as it takes. */
  statementMs: number;
  /** How long a transaction may stay open between two statements: others may be waiting for its locks. */
  idleInTransactionMs: number;
}

/** What pg's connection has for the extended protocol; its types leave these out. */
interface Wire {
  parse(message: { text: string; name: string; types: number[] }): void;
  bind(message: { portal: string; statement: string; values: unknown[]; binary: boolean }): void;
  execute(message: { portal: string; rows: number }): void;
}

/** The parts of pg's own query that are built upon here. */
interface QueryParts {
  prepare(wire: Wire): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  /** Read by pg's client: its own clock for this query, instead of the pool's. */
  query_timeout?: number;
}

const PgQuery = pg.Query as unknown as new (
  config: unknown,
  values: unknown,
  callback: unknown,
) => QueryParts & { text: string; queryMode?: string; callback?: unknown };

const PgClient = pg.Client as unknown as new (config: unknown) => { query(config: unknown): unknown };

/** What opens, ends or divides a transaction cannot share one with the limits, and waits for nobody. */
const transactionControl = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET)\b/i;

/** The server ends what is within somebody's patience and says so; given up on without a word is it so much later. */
const SILENCE_MS = 500;

/** For a statement that begins now: no longer than whoever asks may wait. */
export function statementMsNow({ statementMs }: StatementLimits): number {
  return Math.ceil(Math.min(statementMs, timeLeftMs() ?? statementMs));
}

/**
 * The class of client for a pool. The limits are set in the same round trip and the same transaction as the statement, by
 * set_config(…, is_local => true), and end with it. So they hold through a pooler in transaction mode, which refuses
 * statement_timeout when a client connects, and would hand a SET on to the next client of the connection.
 *
 * What cannot run inside a transaction (CREATE DATABASE, VACUUM) needs a client without limits.
 */
export function limitedClient(limits: StatementLimits): typeof pg.Client {
  if (limits.statementMs === 0) return pg.Client;
  // Both are set, since neither is null, and no row comes back.
  const setLimits = (statementMs: number) =>
    `SELECT WHERE set_config('statement_timeout', '${statementMs}', true) IS NULL ` +
    `OR set_config('idle_in_transaction_session_timeout', '${limits.idleInTransactionMs}', true) IS NULL`;

  class LimitedQuery extends PgQuery {
    private limitsUnderWay = false;
    private readonly statementMs = statementMsNow(limits);

    constructor(config: unknown, values: unknown, callback: unknown) {
      super(config, values, callback);
      if (this.statementMs < limits.statementMs) this.query_timeout = this.statementMs + SILENCE_MS;
      if (!transactionControl.test(this.text)) this.queryMode = 'extended';
    }

    /** Everything up to the Sync that ends a statement is one transaction for PostgreSQL. */
    override prepare(wire: Wire): void {
      wire.parse({ text: setLimits(this.statementMs), name: '', types: [] });
      wire.bind({ portal: '', statement: '', values: [], binary: false });
      wire.execute({ portal: '', rows: 0 });
      this.limitsUnderWay = true;
      super.prepare(wire);
    }

    override handleCommandComplete(message: unknown, wire: Wire): void {
      if (this.limitsUnderWay) this.limitsUnderWay = false;
      else super.handleCommandComplete(message, wire);
    }
  }

  class LimitedClient extends PgClient {
    /** As pg's own `query`: with a callback, or answering a promise. */
    override query(config: unknown, values?: unknown, callback?: unknown): unknown {
      if (isSubmittable(config)) return super.query(config);
      const query = new LimitedQuery(config, values, callback);
      if (query.callback) return super.query(query);
      return new Promise((resolve, reject) => {
        query.callback = (error: Error | undefined, result: unknown) => {
          if (!error) return resolve(result);
          // It leads to whoever asked, instead of to the socket.
          Error.captureStackTrace(error);
          reject(error);
        };
        super.query(query);
      });
    }
  }
  return LimitedClient as unknown as typeof pg.Client;
}

function isSubmittable(config: unknown): boolean {
  return typeof (config as { submit?: unknown } | null)?.submit === 'function';
}
