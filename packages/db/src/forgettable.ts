/**
 * A common table expression that lets its statement commit without waiting for the disk (synchronous_commit off). It takes
 * effect only when it is joined. For rows that may be lost when the database server crashes, because they are made again
 * within seconds. The next durable commit writes them to the disk as well.
 */
export const FORGETTABLE = `forgettable AS (SELECT set_config('synchronous_commit', 'off', true))`;
