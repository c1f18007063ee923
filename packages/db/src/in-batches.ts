import type { SqlRunner } from './database.ts';
import { timeLeftMs, untilFor } from './patience.ts';
import { isTransient } from './transient.ts';

export interface BatchOptions {
  /** Items in one statement, at most. */
  size?: number;
  /** After this, the next statement no longer waits for the one that runs. */
  patienceMs?: number;
}

/** More statements at the same time would only make a slow database slower. */
const MOST_UNDER_WAY = 4;

/**
 * Batches the calls of many callers: items that arrive while a statement runs share the next one. A single caller does not
 * wait; under load, hundreds share one round trip.
 *
 * `run` returns one result for each item, in their order. When it fails with a lasting error, each item is run by itself,
 * so that one bad item does not fail the others. A transient error (`isTransient`) is thrown to all callers, and each
 * retries by itself.
 *
 * Callers with a time limit (`withPatience`) and callers without one never share a statement. A shared statement ends at
 * the earliest limit of its callers.
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
    /** Rejects the item when no statement has taken it in time. */
    timer?: NodeJS.Timeout;
  }
  let waiting: Waiting[] = [];
  let underWay = 0;
  /** Running statements that have passed `patienceMs`. */
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

  /** Takes items of one kind only: with a time limit, or without. */
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
    // All callers have timed out meanwhile.
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
    // After this event-loop turn, so that all items of the turn share the statement.
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
      // When all running statements hang, no statement may ever take this item. Then nothing was done for it.
      one.timer = setTimeout(() => {
        waiting = waiting.filter((each) => each !== one);
        reject(new Error('timeout expired before the database could be asked'));
      }, leftMs);
      one.timer.unref();
    });
}
