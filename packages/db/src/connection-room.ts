import type { SqlRunner } from './database.ts';

export interface ConnectionRoom {
  /** The most connections this role may open: the lowest of the limits of the server, the role and the database. */
  limit: number;
  /** All connections to the server that are open now, of every role. */
  used: number;
}

/** Behind a pooler these are the numbers of the server too; the pooler's own limits are not visible. */
export async function readConnectionRoom(db: SqlRunner): Promise<ConnectionRoom> {
  const [room] = await db.query<ConnectionRoom>(
    // LEAST ignores nulls. pg_stat_database counts the connections of all roles; pg_stat_activity hides those of others.
    `SELECT LEAST(
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - COALESCE(current_setting('reserved_connections', true)::int, 0),
              (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
              (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
            ) AS limit,
            (SELECT COALESCE(sum(numbackends), 0)::int FROM pg_stat_database) AS used`,
  );
  if (!room) throw new Error('PostgreSQL did not say how many connections it allows');
  return room;
}
