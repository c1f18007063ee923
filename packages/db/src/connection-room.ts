import type { SqlRunner } from './database.ts';

export interface ConnectionRoom {
  /** Connections that roles as this one may have at one time: of the server, its role or its database, whichever is least. */
  limit: number;
  /** That are open now, of everybody. */
  used: number;
}

/** Behind a pooler it is the server's as well, and the pooler's own limits are not seen. */
export async function readConnectionRoom(db: SqlRunner): Promise<ConnectionRoom> {
  const [room] = await db.query<ConnectionRoom>(
    // LEAST ignores a null. pg_stat_database counts for everybody; pg_stat_activity hides what others are.
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
