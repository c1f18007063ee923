// @ts-check
// The settings of every part of a stack.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { freePort, tryPort } from './ports.mjs';
import { PlainError } from './report.mjs';

/** @typedef {import('./home.mjs').Env} Env */
/** @typedef {import('./running.mjs').Ports} Ports */

/**
 * @param {Env} settings
 * @param {Ports} kept
 * @param {{ withApi: boolean }} options
 * @returns {Promise<Ports>} of the parts that will be started here
 */
export async function choosePorts(settings, kept, { withApi }) {
  return {
    api: withApi ? await portOfApi(settings, kept.api) : undefined,
    sandbox: settings.SANDBOX_URL ? undefined : await freePort([kept.sandbox, 4010]),
  };
}

/**
 * The settings with which a program joins the stack; they are also written to stack.env.
 * @param {Env} settings
 * @param {{ home: string, database: { url: string, directUrl: string }, ports: Ports }} parts
 */
export function joinSettings(settings, { home, database, ports }) {
  // Every part needs this address, also when no API runs here.
  const apiUrl = `http://127.0.0.1:${ports.api ?? 3000}`;
  const env = {
    DATABASE_URL: database.url,
    DIRECT_URL: database.directUrl,
    REDIS_URL: settings.REDIS_URL ?? '',
    // Stacks may share a Redis; the prefix separates their jobs.
    QUEUE_PREFIX: settings.QUEUE_PREFIX ?? `{solospark-${shortHash(database.directUrl)}}`,
    SANDBOX_URL: settings.SANDBOX_URL ?? `http://127.0.0.1:${ports.sandbox}`,
    // The sandbox fetches pictures from here, as the platforms do.
    PUBLIC_URL: settings.PUBLIC_URL ?? apiUrl,
    MEDIA_DIR: settings.MEDIA_DIR ?? join(home, 'media'),
  };
  return { apiUrl, env };
}

/** @param {string} text */
function shortHash(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * @param {Env} settings
 * @param {number | undefined} kept
 */
async function portOfApi(settings, kept) {
  const text = settings.PORT ?? '3000';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new PlainError(`PORT is "${text}"; it must be a number from 0 to 65535.`);
  }
  if (port === 0) return freePort([kept]);
  if ((await tryPort(port, settings.HOST ?? '127.0.0.1')) === null) {
    throw new PlainError(
      `Port ${port} is taken by another program. Choose another one (PORT=3001 npm start), or any free one ` +
        '(PORT=0 npm start).',
    );
  }
  return port;
}
