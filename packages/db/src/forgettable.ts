/**
 * A common table expression which makes its statement's commit not wait for the disk; it has to be joined to take effect. For
 * what may be forgotten when the database server crashes, because something else brings it back within seconds. What is
 * committed durably afterwards takes it along to the disk.
 */
export const FORGETTABLE = `forgettable AS (SELECT set_config('synchronous_commit', 'off', true))`;
