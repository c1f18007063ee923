// @ts-check
// Makes the template database, which is migrated once and copied by every test suite.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDatabase } from './postgres.mjs';

export const templateDatabase = 'solospark_template';

/** @param {(database: string) => string} urlOf */
export async function makeTemplate(urlOf) {
  await ensureDatabase(urlOf('postgres'), templateDatabase);
  const { applyMigrations } = await import('@solospark/db');
  await applyMigrations({ url: urlOf(templateDatabase) });
  await makeQueueSchema(urlOf(templateDatabase));
}

/**
 * BullMQ makes its own schema, which takes a second: here once, and not in each copy.
 * @param {string} url
 */
async function makeQueueSchema(url) {
  const { createQueues } = await import('@solospark/queue');
  const { createLogger } = await import('@solospark/foundation');
  const log = createLogger({ name: 'template', level: 'silent' });
  const queues = createQueues({ redisUrl: null, postgresUrl: url, platforms: [], log });
  try {
    while (!(await queues.isReachable())) await delay(50);
  } finally {
    await queues.close();
  }
}
