import { sleep } from '@solospark/foundation';
import pg from 'pg';
import { asOneTry, asRetry, currentPatience, isBeingRetried } from './patience.ts';

/** The server ended the statement and rolled it back: serialization failure, deadlock, lock not available, time limit, cancel. */
const rolledBack = ['40001', '40P01', '55P03', '57014'];
/** Also the SQLSTATEs of a server that stops, starts or has no free connection, and of a transaction that was idle too long. */
const sqlStates = new Set([...rolledBack, '25P03', '53300', '57P01', '57P02', '57P03', '57P05']);
const connectionException = /^08[0-9A-Z]{3}$/;
const socketErrors = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Not reachable, timed out, closed, no free connection, write conflict, too many connections. */
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2034', 'P2037']);
/** pg gives these no code. */
const messages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
];

/**
 * True for a fault that passes by itself: PostgreSQL restarts, a connection broke, this side of a deadlock was ended. The
 * statement may have been carried out all the same, if only its answer was lost.
 */
export function isTransient(error: unknown): boolean {
  // The depth is limited because causes may form a circle.
  for (let depth = 0, current = error; depth < 8 && isObject(current); depth += 1) {
    const { code, originalCode, message, errors, meta, cause } = current;
    if ([code, originalCode].some((value) => typeof value === 'string' && isTransientCode(value)))
      return true;
    if (typeof message === 'string' && messages.some((start) => message.startsWith(start))) return true;
    // One error per address that was tried.
    if (Array.isArray(errors) && errors.length > 0) return errors.every(isTransient);
    // Prisma keeps the driver's error in its meta data.
    current = cause ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  }
  return false;
}

/**
 * True after an error that PostgreSQL itself reported and that ended only the statement. After any other error, an answer
 * may still arrive on the connection, or the connection is dead.
 */
export function leavesConnectionUsable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (rolledBack.includes(error.code ?? '') || !isTransient(error));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTransientCode(code: string): boolean {
  return (
    sqlStates.has(code) || connectionException.test(code) || socketErrors.has(code) || prismaCodes.has(code)
  );
}

export interface RetryOptions {
  /** How often `fn` may run, including the first time. */
  attempts?: number;
  /** The wait before the second attempt; it doubles up to `maxDelayMs`, and each wait is cut by a random half. */
  delayMs?: number;
  maxDelayMs?: number;
  /** When aborted, there is no further attempt, and the last error is thrown. */
  signal?: AbortSignal;
  onRetry?: (error: unknown, attempt: number) => void;
}

/**
 * Runs `fn` until it succeeds or fails with a lasting error. The defaults cover about five seconds, enough for a restart of
 * PostgreSQL. Within `withPatience`, it also ends when the patience is over.
 *
 * Inside another `withRetry` it runs `fn` only once, and the outermost one retries everything. Otherwise seven tries would
 * become forty-nine.
 *
 * Only for idempotent work: reads and compare-and-set statements. When a connection breaks after COMMIT was sent, it is
 * unknown whether it was carried out, and `fn` runs again.
 */
export async function withRetry<T>(fn: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  return isBeingRetried() ? fn() : asRetry(() => retry(fn, options));
}

async function retry<T>(fn: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = 7, delayMs = 100, maxDelayMs = 2_000, signal, onRetry } = options;
  const patience = currentPatience();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await asOneTry(fn, isTransient);
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || patience?.isOver || !isTransient(error)) throw error;
      onRetry?.(error, attempt);
      const ceilingMs = Math.min(maxDelayMs, delayMs * 2 ** (attempt - 1));
      const waitMs = Math.min(ceilingMs * (0.5 + Math.random() / 2), patience?.remainingMs ?? Infinity);
      await sleep(waitMs, signal);
      patience?.noteWait(waitMs);
      if (signal?.aborted) throw error;
    }
  }
}
