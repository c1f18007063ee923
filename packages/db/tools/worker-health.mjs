// The health check of the worker image: exit code 0 when a worker of this container has written a heartbeat within the last
// 15 s, by the database's clock. A process that runs but does nothing is not healthy.
import { hostname } from 'node:os';
import { askOnce } from '../dist/ask-once.js';

try {
  const seen = await askOnce(
    (process.env.DATABASE_URL ?? '').trim(),
    `SELECT FROM worker_heartbeat WHERE starts_with(worker, $1) AND seen_at > now() - interval '15 seconds'`,
    [`${hostname()}-`],
    { timeoutMs: 3_000 },
  );
  if (seen.length === 0)
    console.error('No worker of this container has written a heartbeat within the last 15 s.');
  process.exitCode = seen.length > 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
