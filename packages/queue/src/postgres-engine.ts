import { withDeadline, type Logger } from '@solospark/foundation';
import { createPostgresBackend, Queue, type IQueueBackend } from 'bullmq';
import { randomUUID } from 'node:crypto';
import type { AnyQueue, Engine } from './engine.ts';
import { reasonOf } from './errors.ts';
import { PatientWorker, workerOptions } from './patient-worker.ts';
import { SharedConnection, SharingBackend, type SessionClient } from './shared-connection.ts';
import { ignoreUnheardErrors } from './unheard-errors.ts';

type PostgresBackend = ReturnType<typeof createPostgresBackend>;

/** The server ends a statement that takes longer, so that one that waits for a lock does not keep its connection. */
const statementMs = 10_000;
/** Longer than `statementMs`: frees a connection on which the server does not answer. */
const queryTimeoutMs = 15_000;

/** Connections of one process, however many queues it has. A worker process has one more, for LISTEN. */
const producerConnections = 3;
const consumerConnections = 4;

/**
 * BullMQ on PostgreSQL: needs no Redis. It creates and migrates its own schema, so the role must be allowed to create one.
 * It uses LISTEN and sets a search path, so the URL must lead to the server itself or to a pooler in session mode.
 */
export function createPostgresEngine(config: {
  url: string;
  schema: string;
  deadlineMs: number;
  log: Logger;
}): Engine {
  const { log } = config;
  const connection = {
    connectionString: config.url,
    schema: config.schema,
    migrate: true,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    application_name: 'solospark-queue',
    // A plain SET is enough, since the URL must not lead through a pooler in transaction mode.
    async onConnect(client: SessionClient) {
      ignoreUnheardErrors(client);
      await client.query(`SET statement_timeout = ${statementMs}`);
    },
  };
  let producer: Promise<{ backend: PostgresBackend; queues: Map<string, AnyQueue> }> | null = null;
  let closed = false;
  let reachable: boolean | null = null;

  const noteReachable = (now: boolean, reason?: string) => {
    if (closed || reachable === now) return;
    reachable = now;
    if (now) log.info({ schema: config.schema }, 'queue connection ready');
    else log.warn({ schema: config.schema, reason }, 'queue connection lost');
  };

  /** BullMQ's backend stays broken when its first connection failed, so it is thrown away. */
  async function connect() {
    const backend = createPostgresBackend('producer', {
      connection: { ...connection, max: producerConnections, connectionTimeoutMillis: config.deadlineMs },
    });
    backend.on('error', (error: unknown) => noteReachable(false, reasonOf(error)));
    try {
      await backend.waitUntilReady();
    } catch (error) {
      noteReachable(false, reasonOf(error));
      backend.close().catch(() => undefined);
      throw error;
    }
    noteReachable(true);
    return { backend, queues: new Map<string, AnyQueue>() };
  }

  function connected() {
    if (closed) return Promise.reject(new Error('the queue is closed'));
    producer ??= connect().catch((error: unknown) => {
      producer = null;
      throw error;
    });
    return producer;
  }

  let consumers: SharedConnection | null = null;

  /** All workers of this process share one pool and one LISTEN. A pool that could not be opened is thrown away, too. */
  function consumerConnection(): SharedConnection {
    if (consumers) return consumers;
    const opened = new SharedConnection({
      ...connection,
      max: consumerConnections,
      connectionTimeoutMillis: 5000,
    });
    consumers = opened;
    opened.waitUntilReady().catch(() => {
      if (consumers === opened) consumers = null;
      opened.close().catch(() => undefined);
    });
    return opened;
  }

  // Connects at once: the migration takes longer than a caller's deadline.
  connected().catch(() => undefined);

  async function queueOf(name: string): Promise<AnyQueue> {
    const { backend, queues } = await connected();
    const queue = queues.get(name) ?? openQueue(backend, name);
    queues.set(name, queue);
    return queue;
  }

  return {
    name: 'postgres',
    databaseConnections: { producers: producerConnections, workers: consumerConnections + 1 },
    queue: queueOf,
    /** Always undefined: the check of the database itself finds these problems. */
    findProblem: () => Promise.resolve(undefined),
    /** The mark is a job without a consumer: it is lost when the jobs table is emptied, dropped or restored. */
    async readMark() {
      const queue = await queueOf('mark');
      const find = async () => (await queue.getJob('mark')) as { data: { epoch: string } } | undefined;
      const found = await find();
      if (!found) await queue.add('mark', { epoch: randomUUID() }, { jobId: 'mark' });
      // Read again: when several processes find none, only one of them adds it.
      const epoch = (found ?? (await find()))?.data.epoch;
      if (epoch === undefined) throw new Error('the mark of the queue was taken away just now');
      return { epoch, beat: 0 };
    },
    async ping() {
      const { backend } = await connected();
      try {
        await backend.getQueueMetaField('version');
      } catch (error) {
        noteReachable(false, reasonOf(error));
        throw error;
      }
      noteReachable(true);
    },
    createWorker(name, processor, tuning) {
      const worker = new PatientWorker(
        name,
        processor,
        { ...workerOptions(tuning), connection: {} },
        () => new SharingBackend(consumerConnection(), name, workerOptions(tuning)),
      );
      return {
        worker,
        destroy() {
          worker.abandon().catch(() => undefined);
          worker.disconnect().catch(() => undefined);
        },
      };
    },
    async close() {
      closed = true;
      const open = await withDeadline(producer ?? Promise.resolve(null), 1000, 'connect').catch(() => null);
      const closing = Promise.all([open?.backend.close(), consumers?.close()]);
      await withDeadline(closing, 1000, 'close').catch(() => undefined);
    },
  };
}

/** All producers share one pool: `forQueue` returns a backend that differs only in the name of its queue. */
function openQueue(backend: PostgresBackend, name: string): AnyQueue {
  const queue = new Queue(
    name,
    { connection: {}, streams: { events: { maxLen: 1000 } } },
    (): IQueueBackend => backend.forQueue(name),
  ) as AnyQueue;
  queue.on('error', () => undefined);
  return queue;
}
