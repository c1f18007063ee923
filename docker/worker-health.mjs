// Healthy: a worker of this container has written its heartbeat within the last 15 s, by the database's clock. A process
// that is there and does nothing is not healthy. The worker's image puts this file beside the worker's package.json.
import { hostname } from 'node:os';
import { openDatabase } from '@solospark/db';

const db = openDatabase({ url: process.env.DATABASE_URL, maxConnections: 1, connectTimeoutMs: 3_000 });
try {
  const seen = await db.query(
    `SELECT FROM worker_heartbeat WHERE starts_with(worker, $1) AND seen_at > now() - interval '15 seconds'`,
    [`${hostname()}-`],
  );
  process.exitCode = seen.length > 0 ? 0 : 1;
} finally {
  await db.close();
}
