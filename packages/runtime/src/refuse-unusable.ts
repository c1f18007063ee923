import { explainDatabaseError } from '@solospark/db';
import { ConfigError, messageOf, withDeadline } from '@solospark/foundation';
import type { Context } from '@solospark/domain';

/**
 * A server that takes longer counts as away. The database gets more time: nothing works without it, a host that drops packets
 * already fails at the connection timeout of ten seconds, and a busy machine takes long to refuse a password.
 */
const LOOK_MS = { database: 20_000, queue: 5_000 };

/**
 * Checks once, at start, whether database and queue can be used with these settings. A problem that only the operator can fix
 * (a password, a certificate, a right, a name) stops the start, with one sentence for each. A server that is away does not
 * stop it, unless the database is `required`.
 *
 * @throws ConfigError that names what has to be fixed.
 */
export async function refuseUnusable(
  ctx: Pick<Context, 'db' | 'queues' | 'log'>,
  { required = false }: { required?: boolean } = {},
): Promise<void> {
  const problems: string[] = [];
  const [database, queue] = await Promise.all([
    lookAtDatabase(ctx),
    ctx.queues.findProblem({ deadlineMs: LOOK_MS.queue }),
  ]);
  if (database?.lasts || (database && required)) problems.push(database.sentence);
  else if (database)
    ctx.log.warn({ reason: database.sentence }, 'database away at start; it is used when it is back');
  if (queue) problems.push(queue);
  if (problems.length > 0) throw new ConfigError(problems);
}

async function lookAtDatabase({
  db,
}: Pick<Context, 'db'>): Promise<{ sentence: string; lasts: boolean } | undefined> {
  try {
    const [row] = await withDeadline(
      db.query<{ name: string; ready: boolean }>(
        `SELECT current_database() AS name, to_regclass('public.delivery') IS NOT NULL AS ready`,
      ),
      LOOK_MS.database,
      'the first question to PostgreSQL',
    );
    if (row?.ready) return undefined;
    return {
      sentence: `The database "${row?.name}" has no tables of SoloSpark: run \`npm run db:migrate\`, or correct its name in DATABASE_URL.`,
      lasts: true,
    };
  } catch (error) {
    return (
      explainDatabaseError(error) ?? {
        sentence: `PostgreSQL cannot be used: ${messageOf(error)}`,
        lasts: false,
      }
    );
  }
}
