import { withDeadline, type Logger } from '@solospark/foundation';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import {
  assertRedisUrl,
  createConnectionMonitor,
  createConsumerConnection,
  createProbeConnection,
  createProducerConnection,
  whenReady,
  type RedisAddress,
} from './connection.ts';
import type { AnyQueue, Engine } from './engine.ts';
import { PatientWorker, workerOptions } from './patient-worker.ts';
import { reasonOf } from './errors.ts';
import { missingRights } from './redis-access.ts';
import { explainRedisError } from './redis-problem.ts';
import { warnAboutRedisSettings } from './redis-settings.ts';

/** BullMQ on Redis: the production path. One producer connection for all queues, two connections for each consumer. */
export function createRedisEngine(config: {
  url: string;
  ca?: string | undefined;
  prefix: string;
  deadlineMs: number;
  log: Logger;
}): Engine {
  assertRedisUrl(config.url);
  const { log, prefix, ca } = config;
  const server = { url: config.url, ca };
  const monitor = createConnectionMonitor(log);
  const producer = createProducerConnection(server, config.deadlineMs, monitor);
  const queues = new Map<string, AnyQueue>();
  producer.once('ready', () => {
    warnAboutRedisSettings(producer, log).catch((error: unknown) => {
      log.debug({ reason: reasonOf(error) }, 'queue settings not checked');
    });
  });

  function openQueue(name: string): AnyQueue {
    const queue: AnyQueue = new Queue(name, {
      connection: producer,
      prefix,
      // A version check that fails would break the queue for good.
      skipVersionCheck: true,
      streams: { events: { maxLen: 1000 } },
    });
    // The monitor logs connection errors; the error of a command goes to its caller.
    queue.on('error', () => undefined);
    return queue;
  }

  return {
    name: 'redis',
    databaseConnections: { producers: 0, workers: 0 },
    async queue(name) {
      await whenReady(producer);
      const queue = queues.get(name) ?? openQueue(name);
      queues.set(name, queue);
      return queue;
    },
    findProblem: (deadlineMs) => findRedisProblem(server, prefix, deadlineMs),
    async ping() {
      await whenReady(producer);
      await producer.ping();
    },
    async readMark() {
      await whenReady(producer);
      const key = `${prefix}:mark`;
      const answers = await producer
        .multi()
        .hsetnx(key, 'epoch', randomUUID())
        .hincrby(key, 'beat', 1)
        .hget(key, 'epoch')
        .exec();
      const [error] = answers?.find(([failure]) => failure) ?? [];
      if (error) throw error;
      const [beat, epoch] = [answers?.[1]?.[1], answers?.[2]?.[1]];
      return { epoch: String(epoch), beat: Number(beat) };
    },
    createWorker(name, processor, tuning) {
      const connections: Redis[] = [];
      const main = keepDuplicates(createConsumerConnection(server, monitor), connections, monitor.watch);
      const worker = new PatientWorker(name, processor, {
        ...workerOptions(tuning),
        connection: main,
        prefix,
      });
      return {
        worker,
        destroy() {
          worker.abandon().catch(() => undefined);
          for (const client of connections) client.disconnect();
        },
      };
    },
    async close() {
      monitor.closing();
      if (producer.status === 'ready')
        await withDeadline(producer.quit(), 1000, 'quit').catch(() => undefined);
      producer.disconnect();
    },
  };
}

/** Uses a connection of its own, because the others retry instead of reporting the first error. */
async function findRedisProblem(
  server: RedisAddress,
  prefix: string,
  deadlineMs: number,
): Promise<string | undefined> {
  const client = createProbeConnection(server, deadlineMs);
  const database = client.options.db ?? 0;
  const problems: string[] = [];
  const note = (error: unknown) => {
    const problem = explainRedisError(error, database);
    if (problem) problems.push(problem);
  };
  client.on('error', note);
  try {
    await client.connect();
    await client.select(database);
    const missing = await missingRights(client, prefix);
    if (missing) problems.push(missing);
  } catch (error) {
    note(error);
  } finally {
    client.disconnect();
  }
  return problems[0];
}

/** BullMQ makes the blocking connection itself, with `duplicate`: it has to be monitored, and dropped with the main one. */
function keepDuplicates(main: Redis, connections: Redis[], watch: (client: Redis) => void): Redis {
  connections.push(main);
  const duplicate = main.duplicate.bind(main);
  main.duplicate = (override) => {
    const copy = duplicate(override);
    connections.push(copy);
    watch(copy);
    return copy;
  };
  return main;
}
