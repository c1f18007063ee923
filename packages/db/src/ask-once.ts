import pg from 'pg';
import { connectionStringOf } from './database-url.ts';

/**
 * Runs one statement on a connection of its own, without Prisma. For a program that asks one question and has to answer
 * within `timeoutMs`, such as a health check.
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
  // The running query rejects with the same error. Without a listener, this event would also end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, params)).rows;
  } finally {
    await client.end();
  }
}
