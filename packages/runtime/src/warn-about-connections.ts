import { readConnectionRoom, withRetry } from '@solospark/db';
import type { Context } from '@solospark/domain';

/** The part of the server's limit above which a burst, or one more process, may find no connection. */
const NEAR = 0.8;

/**
 * Logs at start how many connections to PostgreSQL this process may take, and warns when the server would then be near its
 * limit. Never throws: a failed check must not stop the start.
 */
export async function warnAboutConnections(
  ctx: Pick<Context, 'db' | 'queues' | 'log'>,
  { publishes }: { publishes: boolean },
): Promise<void> {
  const most = ctx.db.maxConnections + ctx.queues.databaseConnections({ consumes: publishes });
  try {
    const { limit, used } = await withRetry(() => readConnectionRoom(ctx.db));
    const facts = { most, used, limit };
    if (used + most <= limit * NEAR) return ctx.log.info(facts, 'database connections');
    ctx.log.warn(
      {
        ...facts,
        todo: 'raise max_connections, put a pooler in front of PostgreSQL, set REDIS_URL, or lower DATABASE_POOL_SIZE',
      },
      'PostgreSQL is near its connection limit',
    );
  } catch (error) {
    ctx.log.debug({ err: error }, 'database connections not counted');
  }
}
