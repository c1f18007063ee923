import type { Logger } from '@solospark/foundation';
import type { Server, Socket } from 'node:net';

/** At most one log line a minute, however many connections are closed. */
const LOG_EVERY_MS = 60_000;

/**
 * Limits the open connections per client to `max`, so that one client cannot use up the connections of the process. 0 means
 * no limit, for an API behind a proxy, where all clients have one address. Unix sockets have no address and are not limited.
 */
export function limitSockets(server: Server, options: { max: number; log: Pick<Logger, 'warn'> }): void {
  if (options.max === 0) return;
  const open = new Map<string, number>();
  let loggedAt = -Infinity;
  server.on('connection', (socket: Socket) => {
    const client = clientOf(socket.remoteAddress);
    if (client === undefined) return;
    const count = (open.get(client) ?? 0) + 1;
    if (count > options.max) {
      socket.destroy();
      if (performance.now() - loggedAt < LOG_EVERY_MS) return;
      loggedAt = performance.now();
      options.log.warn(
        { client, max: options.max },
        'client has too many open connections, closing new ones',
      );
      return;
    }
    open.set(client, count);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
    });
  });
}

/** An IPv4 address, or the /64 of an IPv6 address, because one client usually owns at least a /64. */
export function clientOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const unmapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (!unmapped.includes(':')) return unmapped;
  const [head = '', tail = ''] = unmapped.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return `${[...before, ...(unmapped.includes('::') ? zeros : []), ...after].slice(0, 4).join(':')}::/64`;
}
