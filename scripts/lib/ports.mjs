// @ts-check
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from './lock.mjs';

/**
 * @param {number} port 0 for any
 * @param {string} [host]
 * @returns {Promise<number | null>} the port, or null when it is taken
 */
export function tryPort(port, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = /** @type {NodeJS.ErrnoException} */ (error).code;
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, host, () => {
      const { port: bound } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(bound));
    });
  });
}

/**
 * The first of `preferred` that is free, or any free port: a copy keeps its ports after a restart if possible. Two copies that start
 * at the same moment would find the same port free, so a preferred port is also locked.
 * @param {(number | undefined)[]} [preferred]
 */
export async function freePort(preferred = []) {
  for (const port of preferred) {
    if (port === undefined || !lockPort(port)) continue;
    if ((await tryPort(port)) !== null) return port;
  }
  const port = await tryPort(0);
  if (port === null) throw new Error('no free port on 127.0.0.1');
  return port;
}

/**
 * Locks a port until this process ends.
 * @param {number} port
 */
function lockPort(port) {
  try {
    const lock = tryLock(join(tmpdir(), `solospark-port-${port}`));
    if (!('release' in lock)) return lock.pid === process.pid;
    process.once('exit', lock.release);
    return true;
  } catch {
    // The lock file belongs to another user.
    return false;
  }
}
