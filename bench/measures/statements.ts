import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Servers } from '../servers.ts';

/** Counts of statements by the application name of their connection. */
export type Statements = Map<string, number>;

/**
 * Counts the statements that PostgreSQL logs while `work` runs. BEGIN and COMMIT count, the bench's own statements do not. (The
 * PostgreSQL from npm has no pg_stat_statements.)
 */
export async function countStatements(servers: Servers, work: () => Promise<unknown>): Promise<Statements> {
  const { sql } = servers;
  const [row] = await sql<{ data_directory: string }>('SHOW data_directory');
  const log = join(dirname(row?.data_directory ?? ''), 'server.log');
  await sql(`ALTER SYSTEM SET log_line_prefix = '%a|'`);
  await sql(`ALTER SYSTEM SET log_statement = 'all'`);
  await sql('SELECT pg_reload_conf()');
  // A session applies the new setting before its next statement.
  const from = statSync(log).size;
  try {
    await work();
  } finally {
    await sql('ALTER SYSTEM RESET log_statement');
    await sql('SELECT pg_reload_conf()');
  }
  return readLog(log, from);
}

async function readLog(path: string, from: number): Promise<Statements> {
  const counts: Statements = new Map();
  const file = await open(path);
  try {
    for await (const line of file.readLines({ start: from })) {
      const name = /^([^|]*)\|LOG: {2}(?:execute|statement)/.exec(line)?.[1];
      if (name !== undefined && name !== 'bench') counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  } finally {
    await file.close();
  }
  return counts;
}

export function total(counts: Statements, isCounted: (name: string) => boolean = () => true): number {
  return [...counts].reduce((sum, [name, count]) => sum + (isCounted(name) ? count : 0), 0);
}
