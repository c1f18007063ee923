import type { Logger } from '@solospark/foundation';
import { Redis, type RedisOptions } from 'ioredis';
import { reasonOf } from './errors.ts';
import { HeardConnector } from './heard-connector.ts';
import { refusesDatabase } from './redis-problem.ts';
import { redisUrlProblem } from './redis-url.ts';

// Two kinds of Redis connections with opposite needs.
// A producer is part of a request: it fails fast and never queues a command for later.
// A consumer runs in the background: it waits and reconnects for ever.

/** A Redis that comes back, even empty, is used again within about this time. */
const maxReconnectDelayMs = 1000;

/** A consumer's blocking command takes up to 10 s, so only a longer silence means that the server is gone. */
const consumerSilenceMs = 15_000;

export interface RedisAddress {
  url: string;
  /** The CA certificate, in PEM, for the server's certificate; undefined: the CAs that Node knows. */
  ca: string | undefined;
}

export interface ConnectionMonitor {
  watch: (client: Redis) => void;
  /** From now on, connections are closed on purpose, and nothing is logged about them. */
  closing: () => void;
}

/** Logs one line when the connections, taken together, go down or come up; never one line for each retry. */
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
      // Without a listener, an 'error' event would end the process. Its message is logged when the connection closes.
      client.on('error', (error) => {
        reason = reasonOf(error);
        // Reconnects before any command runs in the wrong database. The next connection selects it again.
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
 * ioredis 5.11 leaves the `socketTimeout` timer running when the socket closes. It would close the next, healthy socket,
 * and keep a process alive that has closed everything.
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
    // A server that accepted a command and does not answer is gone: drop the socket, so that the next call fails at once.
    socketTimeout: deadlineMs * 2,
  });
  monitor.watch(client);
  return client;
}

/** Never gives up. It has no command timeout, because BullMQ blocks on a copy of it, made with `duplicate`. */
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
 * Resolves when the connection can take a command. It waits for a connection that is being made for the first time, and
 * rejects at once when the connection is known to be down, so that callers do not wait during an outage.
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

/** Checked before ioredis sees it: ioredis accepts anything as a host or a path, and its errors would show the URL. */
export function assertRedisUrl(url: string): void {
  const problem = redisUrlProblem(url);
  if (problem) throw new TypeError(`the Redis URL ${problem}`);
}

/** For one check of the server: it neither waits nor retries. */
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
    Connector: HeardConnector,
    connectionName: `solospark-${role}`,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), maxReconnectDelayMs),
    // After a failover the old primary is a read-only replica: reconnect, so that the host name is resolved again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}
