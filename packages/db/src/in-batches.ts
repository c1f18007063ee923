import type { SqlRunner } from './database.ts';
import { timeLeftMs, untilFor } from './patience.ts';
import { isTransient } from './transient.ts';

export interface BatchOptions {
  /** Items in one statement, at most. */
  size?: number;
  /** A statement that takes longer than this does not keep the next one waiting. */
  patienceMs?: number;
}

/** Where every statement is slow, more of them at a time would only make it slower. */
const MOST_UNDER_WAY = 4;

/**
 * Makes many callers share statements: what is asked of a database while the statement before is under way goes into the
 * next one. Alone, a caller waits for nobody; in a crowd, hundreds share one round trip.
 *
 * `run` answers one result for each item, in their order. When it fails for a reason that waiting does not mend, each
 * item is run by itself, so that what is wrong with one is not held against the others; a passing fault
 * (`isTransient`) is thrown to all, to be retried by each.
 *
 * Those who may wait only so long (`withPatience`) share no statement with those who may wait longer, and the one that they
 * share ends with the first of them.
 */
export function inBatches<Item, Result>(
  run: (db: SqlRunner, items: Item[]) => Promise<Result[]>,
  options: BatchOptions = {},
): (db: SqlRunner, item: Item) => Promise<Result> {
  const ofDatabase = new WeakMap<SqlRunner, (item: Item) => Promise<Result>>();
  return (db, item) => {
    let ask = ofDatabase.get(db);
    if (!ask) ofDatabase.set(db, (ask = collect((items) => run(db, items), options)));
    return ask(item);
  };
}

function collect<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  { size = 200, patienceMs = 10 }: BatchOptions,
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
    /** By `performance.now()`. */
    until: number | undefined;
    /** Ends its waiting for a statement. */
    timer?: NodeJS.Timeout;
  }
  let waiting: Waiting[] = [];
  let underWay = 0;
  /** Of those under way: they have taken too long to be waited for. */
  let slow = 0;
  let starting = false;

  async function carryOut(batch: Waiting[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('a batch must answer one result for each item');
      batch.forEach(({ resolve }, at) => resolve(results[at] as Result));
    } catch (error) {
      if (batch.length === 1 || isTransient(error)) for (const { reject } of batch) reject(error);
      else for (const one of batch) await carryOut([one]);
    }
  }

  /** Of one kind: of those who wait as long as it takes, or of the others. */
  function takeBatch(): Waiting[] {
    const isHurried = waiting[0]?.until !== undefined;
    const [batch, rest]: [Waiting[], Waiting[]] = [[], []];
    for (const each of waiting) {
      const isTaken = batch.length < size && (each.until !== undefined) === isHurried;
      if (isTaken) clearTimeout(each.timer);
      (isTaken ? batch : rest).push(each);
    }
    waiting = rest;
    return batch;
  }

  async function next(): Promise<void> {
    const batch = takeBatch();
    // All of them have given up since.
    if (batch.length === 0) return;
    const until =
      batch[0]?.until === undefined ? undefined : Math.min(...batch.map((each) => each.until ?? 0));
    underWay += 1;
    let isSlow = false;
    const patience = setTimeout(() => {
      isSlow = true;
      slow += 1;
      start();
    }, patienceMs);
    await untilFor(until, () => carryOut(batch));
    clearTimeout(patience);
    if (isSlow) slow -= 1;
    underWay -= 1;
    start();
  }

  function start(): void {
    if (starting || waiting.length === 0 || underWay > slow || underWay >= MOST_UNDER_WAY) return;
    starting = true;
    // After this turn: what the same turn asks for comes along.
    setImmediate(() => {
      starting = false;
      void next();
    });
  }

  return (item) =>
    new Promise((resolve, reject) => {
      const leftMs = timeLeftMs();
      const one: Waiting = { item, resolve, reject, until: leftMs && performance.now() + leftMs };
      waiting.push(one);
      start();
      if (leftMs === undefined) return;
      // Where all that is under way hangs, it may never get into a statement: nothing was done then.
      one.timer = setTimeout(() => {
        waiting = waiting.filter((each) => each !== one);
        reject(new Error('timeout expired before the database could be asked'));
      }, leftMs);
      one.timer.unref();
    });
}
