import type { IQueueBackend, Job, Processor, Queue, Worker } from 'bullmq';

// The interface of both engines. All code that uses it is the same for Redis and PostgreSQL.

/* eslint-disable @typescript-eslint/no-explicit-any -- BullMQ's classes take eight type parameters; ours are the catalog's */
export type AnyQueue = Queue<any, any, string, any, any, string, IQueueBackend, any>;
export type AnyWorker = Worker<any, any, string, IQueueBackend, any, any>;
export type AnyJob = Job<any, any, string>;
export type AnyProcessor = Processor<any, any, string>;
/* eslint-enable @typescript-eslint/no-explicit-any */

export interface WorkerTuning {
  concurrency: number;
  /** The lease of a running job: without renewal for this long, its worker has lost it. */
  lockDurationMs: number;
  /** How often such jobs are looked for; a job is taken over at the second check. */
  stalledIntervalMs: number;
}

/** One worker with its connections. */
export interface WorkerHandle {
  worker: AnyWorker;
  /** Drops the connections at once, also when the server does not answer; the worker cannot be used afterwards. */
  destroy(): void;
}

/** Is stored with the jobs and lost with them. A mark that differs from the last one shows that jobs are missing. */
export interface QueueMark {
  /** Random; made again by the first read of an empty queue. */
  epoch: string;
  /** Grows with every read. A lower one than before: the queue was restored from an older state. Always 0 on PostgreSQL. */
  beat: number;
}

export interface Engine {
  readonly name: 'redis' | 'postgres';
  /** The most connections to PostgreSQL: of its producers, and of all its workers together. */
  readonly databaseConnections: { producers: number; workers: number };
  /** The producer's side of a queue, connected. Rejects while the engine is known to be down. */
  queue(name: string): Promise<AnyQueue>;
  /** One sentence that says what the operator has to fix before this queue can be used; undefined: nothing is known. */
  findProblem(deadlineMs: number): Promise<string | undefined>;
  /** One small request to the server. */
  ping(): Promise<void>;
  readMark(): Promise<QueueMark>;
  /** A worker that does not run yet. Does not use the network before `waitUntilReady`. */
  createWorker(queue: string, processor: AnyProcessor, tuning: WorkerTuning): WorkerHandle;
  /** Takes a bounded time: a connection that cannot be closed in order is dropped. */
  close(): Promise<void>;
}
