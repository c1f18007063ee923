import pg from 'pg';
import { connectionStringOf } from './database-url.ts';

/**
 * One statement on a connection of its own, and nothing of Prisma: for a program that is started for one question and has to
 * answer within `timeoutMs`.
 */
export async function askOnce(
  url: string,
  sql: string,
  params: unknown[],
  { timeoutMs }: { timeoutMs: number },
): Promise<unknown[]> {
  const client = new pg.Client({
    connectionString: connectionStringOf(url),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // The query that is under way rejects with the same error; without a listener it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, params)).rows;
  } finally {
    await client.end();
  }
}
