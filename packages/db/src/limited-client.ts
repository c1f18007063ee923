// A pg client that sends a time limit to the server with every statement. pg's own timeout only drops the socket. PostgreSQL
// does not notice that while a statement waits for a lock, so the statement keeps its connection, and each retry takes one
// more, until the server has none left.
import pg from 'pg';
import { timeLeftMs } from './patience.ts';

export interface StatementLimits {
  /** How long the server works on one statement, including waits for locks. 0: no limit. */
  statementMs: number;
  /** How long a transaction may be idle between two statements: other sessions may be waiting for its locks. */
  idleInTransactionMs: number;
}

/** Methods of pg's connection for the extended protocol, which its types leave out. */
interface Wire {
  parse(message: { text: string; name: string; types: number[] }): void;
  bind(message: { portal: string; statement: string; values: unknown[]; binary: boolean }): void;
  execute(message: { portal: string; rows: number }): void;
}

/** The parts of pg's `Query` that are overridden here. */
interface QueryParts {
  prepare(wire: Wire): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  /** pg's client reads it: the timeout of this query, instead of the pool's. */
  query_timeout?: number;
}

const PgQuery = pg.Query as unknown as new (
  config: unknown,
  values: unknown,
  callback: unknown,
) => QueryParts & { text: string; queryMode?: string; callback?: unknown };

const PgClient = pg.Client as unknown as new (config: unknown) => { query(config: unknown): unknown };

/** Transaction control cannot run in one transaction with the limits, and does not wait for locks. */
const transactionControl = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET)\b/i;

/** The server ends a statement at its limit and reports it. A server that says nothing is given up this much later. */
const SILENCE_MS = 500;

/** The limit of a statement that begins now: never longer than its caller may wait. */
export function statementMsNow({ statementMs }: StatementLimits): number {
  return Math.ceil(Math.min(statementMs, timeLeftMs() ?? statementMs));
}

/**
 * The client class for a pool. It sets the limits in the round trip and the transaction of the statement, by
 * set_config(…, is_local => true), so they end with it. This also works through a pooler in transaction mode, which refuses
 * statement_timeout at connect, and would leave a SET behind for the next client of the connection.
 *
 * Statements that cannot run inside a transaction (CREATE DATABASE, VACUUM) need a client without limits.
 */
export function limitedClient(limits: StatementLimits): typeof pg.Client {
  if (limits.statementMs === 0) return pg.Client;
  // set_config never returns null, so both run and no row comes back.
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

    /** For PostgreSQL, everything up to the next Sync message is one transaction. */
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
    /** As pg's own `query`: takes a callback, or returns a promise. */
    override query(config: unknown, values?: unknown, callback?: unknown): unknown {
      if (isSubmittable(config)) return super.query(config);
      const query = new LimitedQuery(config, values, callback);
      if (query.callback) return super.query(query);
      return new Promise((resolve, reject) => {
        query.callback = (error: Error | undefined, result: unknown) => {
          if (!error) return resolve(result);
          // So that the stack shows the caller, not the socket.
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
