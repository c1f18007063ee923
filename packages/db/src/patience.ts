// Limits how long one request waits for a database that is away, over all its statements and retries. The limit is kept in
// AsyncLocalStorage, so nested use cases share it and do not have to pass it on.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import pg from 'pg';

interface Scope {
  patience?: Patience;
  /** By `performance.now()`: the deadline of the statements of the current try. */
  until?: number;
  /** The outermost retry loop. `isRunning` is false once it has ended, also for promises that it left behind. */
  retry?: { isRunning: boolean };
}

const scopes = new AsyncLocalStorage<Scope>();

/** A statement always gets this much time, so that the last one (to record a failure, for example) has a chance. */
const LEAST_MS = 250;

/** How long one request may wait for its database, and how many faults it may see. Other work does not count. */
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

  /** True: no further retry. */
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

/** Runs `fn` with `patience` as the limit of its database calls. Several calls, one after the other, may share one. */
export function withPatience<T>(patience: Patience, fn: () => T): T {
  return scopes.run({ patience }, fn);
}

export function currentPatience(): Patience | undefined {
  return scopes.getStore()?.patience;
}

/** The time limit of a statement, or of a wait for a connection, that begins now; undefined: that of the pool. */
export function timeLeftMs(): number | undefined {
  const { until, patience } = scopes.getStore() ?? {};
  if (until !== undefined) return Math.max(LEAST_MS, until - performance.now());
  return patience && Math.max(LEAST_MS, patience.remainingMs);
}

/** True within `asRetry`. */
export function isBeingRetried(): boolean {
  return scopes.getStore()?.retry?.isRunning ?? false;
}

/** Runs a retry loop. A retry loop inside it runs its work only once (`isBeingRetried`). */
export async function asRetry<T>(fn: () => Promise<T>): Promise<T> {
  const retry = { isRunning: true };
  try {
    // Prisma's promises begin when they are awaited, which has to be within the scope.
    return await scopes.run({ ...scopes.getStore(), retry }, async () => await fn());
  } finally {
    retry.isRunning = false;
  }
}

/** One try of a retry loop: the statements of `fn` share the time that is left. */
export async function asOneTry<T>(fn: () => Promise<T>, isFault: (error: unknown) => boolean): Promise<T> {
  const scope = scopes.getStore();
  if (!scope?.patience || scope.until !== undefined) return fn();
  const { patience } = scope;
  const startedAt = performance.now();
  try {
    return await scopes.run(
      { ...scope, until: startedAt + Math.max(LEAST_MS, patience.remainingMs) },
      async () => await fn(),
    );
  } catch (error) {
    if (isFault(error)) patience.noteFault();
    throw error;
  } finally {
    patience.noteWait(performance.now() - startedAt);
  }
}

/** For a statement that several callers share: it has one deadline, and uses the patience of none of them. */
export function untilFor<T>(until: number | undefined, fn: () => T): T {
  return scopes.run(until === undefined ? {} : { until }, fn);
}

type Answer = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (destroy?: unknown) => void,
) => void;

/** A pool in which the wait for a connection ends with the caller's patience. */
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
    // The pool calls back in the async context of the caller that released the connection, which has another patience.
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
