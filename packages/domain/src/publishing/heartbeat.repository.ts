import type { SqlRunner } from '@solospark/db';

export async function recordHeartbeat(db: SqlRunner, worker: string): Promise<void> {
  await db.query(
    `INSERT INTO worker_heartbeat (worker) VALUES ($1)
     ON CONFLICT (worker) DO UPDATE SET seen_at = now()`,
    [worker],
  );
}

export async function removeHeartbeat(db: SqlRunner, worker: string): Promise<void> {
  await db.query(`DELETE FROM worker_heartbeat WHERE worker = $1 OR seen_at < now() - interval '1 day'`, [
    worker,
  ]);
}

/** Seconds since any worker was last seen, by the database's clock; null when there has never been one. */
export async function secondsSinceHeartbeat(db: SqlRunner): Promise<number | null> {
  const [row] = await db.query<{ seconds: number | null }>(
    `SELECT extract(epoch FROM now() - max(seen_at))::float8 AS seconds FROM worker_heartbeat`,
    [],
  );
  return row?.seconds ?? null;
}
