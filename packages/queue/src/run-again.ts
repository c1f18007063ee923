/** What a handler returns to have its job put back to delayed, with no attempt used. */
export interface RunAgainAt {
  readonly [runAgain]: Date;
}

const runAgain: unique symbol = Symbol('solospark.runAgainAt');

/** For an alarm that rang before its time by the database's clock: `return runAgainAt(scheduledAt)`. */
export function runAgainAt(date: Date): RunAgainAt {
  return { [runAgain]: date };
}

/** The time asked for, or null for any other result. */
export function runAgainTime(result: unknown): Date | null {
  return typeof result === 'object' && result !== null && runAgain in result
    ? (result as RunAgainAt)[runAgain]
    : null;
}
