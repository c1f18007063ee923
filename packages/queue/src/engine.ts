import type { IQueueBackend, Job, Processor, Queue, Worker } from 'bullmq';

// What both engines do alike. Everything above this file is the same for Redis and for PostgreSQL.

/* eslint-disable @typescript-eslint/no-explicit-any -- BullMQ's classes take eight type parameters; ours are the catalog's */
export type AnyQueue = Queue<any, any, string, any, any, string, IQueueBackend, any>;
export type AnyWorker = Worker<any, any, string, IQueueBackend, any, any>;
export type AnyJob = Job<any, any, string>;
export type AnyProcessor = Processor<any, any, string>;
/* eslint-enable @typescript-eslint/no-explicit-any */

export interface WorkerTuning {
  concurrency: number;
  /** A job whose worker renewed nothing for so long belongs to nobody. */
  lockDurationMs: number;
  /** How often that is looked for; a job is taken up at the second look. */
  stalledIntervalMs: number;
}

/** One worker with its connections. */
export interface WorkerHandle {
  worker: AnyWorker;
  /** Drops the connections at once, also when nobody answers; the worker is useless afterwards. */
  destroy(): void;
}

/** Lies among the jobs and is lost with them. Whoever remembers the one of before sees that jobs are missing. */
export interface QueueMark {
  /** Random; made anew by the first look at an empty queue. */
  epoch: string;
  /** More at every look. Less than before: the queue has gone back in time. Always 0 where a queue cannot do so by itself. */
  beat: number;
}

export interface Engine {
  readonly name: 'redis' | 'postgres';
  /** To PostgreSQL, at most: of its producers, and of all its workers together. */
  readonly databaseConnections: { producers: number; workers: number };
  /** The producer's side of a queue, connected. Rejects while the engine is known to be down. */
  queue(name: string): Promise<AnyQueue>;
  /** What the operator has to mend before this queue can be used, in a sentence; undefined: nothing that waiting does not mend. */
  findProblem(deadlineMs: number): Promise<string | undefined>;
  /** One small question to the server. */
  ping(): Promise<void>;
  readMark(): Promise<QueueMark>;
  /** A worker that does not run yet. Never touches the network before `waitUntilReady`. */
  createWorker(queue: string, processor: AnyProcessor, tuning: WorkerTuning): WorkerHandle;
  /** Bounded: what cannot be closed in order is dropped. */
  close(): Promise<void>;
}
