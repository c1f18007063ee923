import type { Logger } from '@solospark/foundation';
import { Redis, type RedisOptions } from 'ioredis';
import { reasonOf } from './errors.ts';
import { refusesDatabase } from './redis-problem.ts';
import { redisUrlProblem } from './redis-url.ts';

// Two kinds of Redis connection, and they want opposite things.
// A producer sits in somebody's request: it fails fast and never keeps a command for later.
// A consumer has nothing better to do: it waits and reconnects for ever.

/** A Redis that comes back, even empty, is in use again within about this time. */
const maxReconnectDelayMs = 1000;

/** A consumer blocks on Redis for up to 10 s, so silence only proves something after more than that. */
const consumerSilenceMs = 15_000;

export interface RedisAddress {
  url: string;
  /** The certificate, in PEM, of the CA that has signed the server's; undefined: one of those that Node knows. */
  ca: string | undefined;
}

export interface ConnectionMonitor {
  watch: (client: Redis) => void;
  /** From here on, connections that end do so on purpose. */
  closing: () => void;
}

/** One line for each change of state of all connections together, never one for each retry. */
export function createConnectionMonitor(log: Logger): ConnectionMonitor {
  const down = new Set<Redis>();
  let state: 'starting' | 'up' | 'down' = 'starting';
  let closing = false;

  const markDown = (client: Redis, reason: string) => {
    if (closing || client.status === 'end') return void down.delete(client);
    down.add(client);
    if (state === 'down') return;
    state = 'down';
    const { host, port } = client.options;
    log.warn({ host, port, reason }, 'queue connection lost');
  };

  return {
    watch(client) {
      let reason = 'connection closed';
      // Without a listener an 'error' event would end the process. What it says is logged when the connection closes.
      client.on('error', (error) => {
        reason = reasonOf(error);
        // Before anything is done in the wrong one. It is asked again at the next try.
        if (refusesDatabase(error)) client.disconnect(true);
      });
      client.on('close', () => {
        forgetSocketTimer(client);
        markDown(client, reason);
      });
      client.on('end', () => down.delete(client));
      client.on('ready', () => {
        reason = 'connection closed';
        down.delete(client);
        if (state === 'up' || down.size > 0) return;
        state = 'up';
        const { host, port, db } = client.options;
        log.info({ host, port, db }, 'queue connection ready');
      });
    },
    closing() {
      closing = true;
    },
  };
}

/**
 * ioredis 5.11 leaves the timer of `socketTimeout` running when the socket closes: it would cut the next, healthy
 * socket, and keep a process alive that has closed everything.
 */
function forgetSocketTimer(client: Redis): void {
  const internals = client as unknown as { socketTimeoutTimer?: NodeJS.Timeout | undefined };
  clearTimeout(internals.socketTimeoutTimer);
  internals.socketTimeoutTimer = undefined;
}

/** Answers within `deadlineMs` or fails. */
export function createProducerConnection(
  server: RedisAddress,
  deadlineMs: number,
  monitor: ConnectionMonitor,
): Redis {
  const client = new Redis(server.url, {
    ...shared('producer', server),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    // A peer that accepted a command and says nothing is gone: drop the socket, so that the next call fails at once.
    socketTimeout: deadlineMs * 2,
  });
  monitor.watch(client);
  return client;
}

/** Never gives up. No command time-out: BullMQ blocks on a duplicate of it, made by `duplicate`. */
export function createConsumerConnection(server: RedisAddress, monitor: ConnectionMonitor): Redis {
  const client = new Redis(server.url, {
    ...shared('consumer', server),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    connectTimeout: 2000,
    socketTimeout: consumerSilenceMs,
  });
  monitor.watch(client);
  return client;
}

/**
 * Resolves when the connection can take a command. A connection that is still being made for the first time is waited
 * for; one that is known to be down is refused at once, so that an outage costs its callers nothing.
 */
export async function whenReady(client: Redis): Promise<void> {
  if (client.status === 'ready') return;
  if (client.status !== 'connecting' && client.status !== 'connect') {
    throw new Error(`Redis is not connected (${client.status})`);
  }
  await new Promise<void>((resolve, reject) => {
    let reason = 'Redis closed the connection';
    const settle = (done: () => void) => () => {
      client.off('ready', ready).off('close', closed).off('error', failed);
      done();
    };
    const ready = settle(resolve);
    const closed = settle(() => reject(new Error(reason)));
    const failed = (error: unknown) => (reason = reasonOf(error));
    client.on('ready', ready).on('close', closed).on('error', failed);
  });
}

/** Checked before ioredis sees it: ioredis takes anything for a host or a path, and its errors would show the URL. */
export function assertRedisUrl(url: string): void {
  const problem = redisUrlProblem(url);
  if (problem) throw new TypeError(`the Redis URL ${problem}`);
}

/** To look at the server once: it neither waits nor tries again. */
export function createProbeConnection(server: RedisAddress, deadlineMs: number): Redis {
  return new Redis(server.url, {
    ...shared('check', server),
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    retryStrategy: () => null,
  });
}

function shared(role: string, { ca }: RedisAddress): RedisOptions {
  return {
    ...(ca !== undefined && { tls: { ca } }),
    connectionName: `solospark-${role}`,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), maxReconnectDelayMs),
    // After a failover the old master is a replica behind the same name: connect again instead of asking it for ever.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}
