import type { SqlRunner } from '@solospark/db';
import type { StoreState } from '@solospark/storage';

export async function recordHeartbeat(db: SqlRunner, worker: string, store: StoreState): Promise<void> {
  await db.query(
    `INSERT INTO worker_heartbeat (worker, store) VALUES ($1, $2)
     ON CONFLICT (worker) DO UPDATE SET seen_at = now(), store = excluded.store`,
    [worker, store],
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

/** The worst state of the media store that any recently seen worker reports. Null: none reports one. */
export async function storeOfWorkers(db: SqlRunner, withinSeconds: number): Promise<StoreState | null> {
  const [row] = await db.query<{ store: StoreState }>(
    `SELECT store FROM worker_heartbeat
     WHERE store IS NOT NULL AND seen_at > now() - make_interval(secs => $1)
     ORDER BY array_position(ARRAY['away', 'full', 'read_only', 'up'], store) LIMIT 1`,
    [withinSeconds],
  );
  return row?.store ?? null;
}
