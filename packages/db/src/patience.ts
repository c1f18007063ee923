// How long a request waits for a database that is away, all its statements and tries together. It travels with the
// asynchronous calls, so that a use case that calls another one neither waits twice nor hands anything on.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import pg from 'pg';

interface Scope {
  patience?: Patience;
  /** By `performance.now()`: what is asked of the database on the way has been answered by then. */
  until?: number;
  /** The outermost of those that try again; `isRunning` ends with it, whatever it has set going and left behind. */
  retry?: { isRunning: boolean };
}

const scopes = new AsyncLocalStorage<Scope>();

/** A statement is always given this much, so that what is asked last (to note a failure, say) has a chance. */
const LEAST_MS = 250;

/** What one request may wait for its database, faults included. Not counted is all else that it does. */
export class Patience {
  private leftMs: number;
  private faultsLeft: number;

  constructor(limits: { totalMs: number; faults?: number }) {
    this.leftMs = limits.totalMs;
    this.faultsLeft = limits.faults ?? 7;
  }

  get remainingMs(): number {
    return Math.max(0, this.leftMs);
  }

  /** Nothing is tried again any more. */
  get isOver(): boolean {
    return this.faultsLeft <= 0 || this.leftMs <= 0;
  }

  noteFault(): void {
    this.faultsLeft -= 1;
  }

  noteWait(waitedMs: number): void {
    this.leftMs -= waitedMs;
  }
}

/** What `fn` asks of the database waits no longer than `patience` lasts. One patience may be given to several in turn. */
export function withPatience<T>(patience: Patience, fn: () => T): T {
  return scopes.run({ patience }, fn);
}

export function currentPatience(): Patience | undefined {
  return scopes.getStore()?.patience;
}

/** How long a statement, or the wait for a connection, that begins now may take; undefined: as the pool says. */
export function timeLeftMs(): number | undefined {
  const { until, patience } = scopes.getStore() ?? {};
  if (until !== undefined) return Math.max(LEAST_MS, until - performance.now());
  return patience && Math.max(LEAST_MS, patience.remainingMs);
}

/** True within `asRetry`. */
export function isBeingRetried(): boolean {
  return scopes.getStore()?.retry?.isRunning ?? false;
}

/** Runs what tries again; whatever else would do so within it does not. */
export async function asRetry<T>(fn: () => Promise<T>): Promise<T> {
  const retry = { isRunning: true };
  try {
    return await scopes.run({ ...scopes.getStore(), retry }, fn);
  } finally {
    retry.isRunning = false;
  }
}

/** One try: all that `fn` asks of the database has to be answered in what is left. */
export async function asOneTry<T>(fn: () => Promise<T>, isFault: (error: unknown) => boolean): Promise<T> {
  const scope = scopes.getStore();
  if (!scope?.patience || scope.until !== undefined) return fn();
  const { patience } = scope;
  const startedAt = performance.now();
  try {
    return await scopes.run({ ...scope, until: startedAt + Math.max(LEAST_MS, patience.remainingMs) }, fn);
  } catch (error) {
    if (isFault(error)) patience.noteFault();
    throw error;
  } finally {
    patience.noteWait(performance.now() - startedAt);
  }
}

/** For what several callers share: nobody's patience, and one end for all. */
export function untilFor<T>(until: number | undefined, fn: () => T): T {
  return scopes.run(until === undefined ? {} : { until }, fn);
}

type Answer = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (destroy?: unknown) => void,
) => void;

/** A pool in which nobody waits for a connection longer than their patience lasts. */
export class PatientPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Answer): void;
  override connect(callback?: Answer): Promise<pg.PoolClient> | void {
    if (!callback) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) =>
          client ? resolve(client) : reject(error ?? new Error('no connection')),
        );
      });
    }
    // A pool calls back from whoever gives a connection back, and that one's patience is another.
    const answer = AsyncResource.bind(callback);
    const leftMs = timeLeftMs();
    if (leftMs === undefined) return super.connect(answer);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      answer(new Error('timeout exceeded when trying to connect'), undefined, () => undefined);
    }, leftMs);
    super.connect((error, client, release) => {
      clearTimeout(timer);
      if (!isLate) answer(error, client, release);
      else if (client) release();
    });
  }
}
