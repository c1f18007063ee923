/** A handler returns it to put its job back to delayed, without using an attempt. */
export interface RunAgainAt {
  readonly [runAgain]: Date;
}

const runAgain: unique symbol = Symbol('solospark.runAgainAt');

/** For an alarm that rang too early by the database's clock: `return runAgainAt(scheduledAt)`. */
export function runAgainAt(date: Date): RunAgainAt {
  return { [runAgain]: date };
}

/** The time of a `RunAgainAt`; null for any other result. */
export function runAgainTime(result: unknown): Date | null {
  return typeof result === 'object' && result !== null && runAgain in result
    ? (result as RunAgainAt)[runAgain]
    : null;
}
