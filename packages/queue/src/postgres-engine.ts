import { withDeadline, type Logger } from '@solospark/foundation';
import { createPostgresBackend, Queue, type IQueueBackend } from 'bullmq';
import type { AnyQueue, Engine } from './engine.ts';
import { reasonOf } from './errors.ts';
import { PatientWorker, workerOptions } from './patient-worker.ts';
import { ignoreUnheardErrors } from './unheard-errors.ts';

type PostgresBackend = ReturnType<typeof createPostgresBackend>;

/** Longer than any honest answer: frees a connection that nobody answers on. */
const queryTimeoutMs = 10_000;

/**
 * BullMQ on PostgreSQL: needs no Redis. It brings its own schema and keeps it up to date (`migrate`), so the role
 * must be allowed to create a schema, and it LISTENs and sets a search path, so the URL must lead to the server
 * itself or to a pooler in session mode.
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
    onConnect: ignoreUnheardErrors,
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

  /** BullMQ remembers a first connection that failed for ever, so a failed backend is thrown away. */
  async function connect() {
    const backend = createPostgresBackend('producer', {
      connection: { ...connection, max: 5, connectionTimeoutMillis: config.deadlineMs },
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

  // Migrating takes longer than a caller's deadline: begin before anybody calls.
  connected().catch(() => undefined);

  return {
    name: 'postgres',
    async queue(name) {
      const { backend, queues } = await connected();
      const queue = queues.get(name) ?? openQueue(backend, name);
      queues.set(name, queue);
      return queue;
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
        { ...workerOptions(tuning), connection: { ...connection, max: 4, connectionTimeoutMillis: 5000 } },
        createPostgresBackend,
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
      await withDeadline(open?.backend.close() ?? Promise.resolve(), 1000, 'close').catch(() => undefined);
    },
  };
}

/** All producers share one pool: a sibling backend differs only in the name of its queue. */
function openQueue(backend: PostgresBackend, name: string): AnyQueue {
  const queue = new Queue(
    name,
    { connection: {}, streams: { events: { maxLen: 1000 } } },
    (): IQueueBackend => backend.forQueue(name),
  ) as AnyQueue;
  queue.on('error', () => undefined);
  return queue;
}
