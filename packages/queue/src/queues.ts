import { withDeadline, type Logger } from '@solospark/foundation';
import type { Job } from 'bullmq';
import {
  allQueues,
  assertJobId,
  jobCatalog,
  queueName,
  type JobRef,
  type JobRequest,
  type QueueRef,
} from './catalog.ts';
import { delayBase, startConsumer, type Consumer, type JobHandler } from './consumer.ts';
import type { AnyQueue, QueueMark } from './engine.ts';
import { QueueUnavailableError } from './errors.ts';
import { createPostgresEngine } from './postgres-engine.ts';
import { createRedisEngine } from './redis-engine.ts';

// PostgreSQL is the source of truth; the queue only sets alarms. A job says "look at row X, revision R". It is added after
// the row is committed, under a deadline and best effort. It may run twice, late or never without harm: the row decides what
// happens, and a sweeper sets missing alarms again.

export interface QueuesConfig {
  /** BullMQ on Redis when set, on PostgreSQL when null. */
  redisUrl: string | null;
  /** The CA certificate, in PEM, for Redis's certificate. Not given: the CAs that Node knows. */
  redisCa?: string | undefined;
  /** Must lead to the server itself or to a pooler in session mode: the PostgreSQL engine uses LISTEN. */
  postgresUrl: string;
  /** Prefix of every Redis key. The braces keep all keys in one slot of a Redis Cluster. */
  prefix?: string;
  /** PostgreSQL schema of the jobs; created when missing. */
  schema?: string;
  platforms: readonly string[];
  log: Logger;
  /** The time limit of every producer call. */
  deadlineMs?: number;
}

export interface ConsumeOptions {
  concurrency: number;
  /** The lease of a running job: how long the job of a killed worker stays locked. */
  lockDurationMs?: number;
  stalledIntervalMs?: number;
}

export interface FoundJob {
  state: 'delayed' | 'waiting' | 'active' | 'completed' | 'failed';
  /** When it is to run. After a failed attempt it is exact to about the length of that attempt. */
  runAt: Date;
  result?: unknown;
}

export interface QueueCounts {
  delayed: number;
  waiting: number;
  active: number;
  failed: number;
}

export interface Queues {
  readonly engine: 'redis' | 'postgres';
  /** Adds jobs, in one round trip for each queue. Adding an id that exists changes nothing. Throws `QueueUnavailableError`. */
  add(jobs: readonly JobRequest[]): Promise<void>;
  /** True when the job was there and is gone; false when it was absent or already runs. Throws `QueueUnavailableError`. */
  remove(job: JobRef): Promise<boolean>;
  /**
   * Sets the new alarm, then removes the old one, best effort: a crash in between leaves a stale alarm, which is a no-op,
   * and never a lost one. Throws `QueueUnavailableError` when the new one could not be set.
   */
  reschedule(old: JobRef | null, next: JobRequest): Promise<void>;
  find(job: JobRef): Promise<FoundJob | null>;
  /** By queue name. */
  counts(): Promise<Record<string, QueueCounts>>;
  isReachable(): Promise<boolean>;
  /**
   * For the check at start: one sentence that says what the operator has to fix before this queue can be used (a password, a
   * right, a certificate, the number of a database). Undefined: nothing, or the server may only be away. Never throws.
   */
  findProblem(options?: { deadlineMs?: number }): Promise<string | undefined>;
  /** The most connections to PostgreSQL that a process takes for its queues, with or without consumers. */
  databaseConnections(options: { consumes: boolean }): number;
  /** A mark that changes when this queue has lost jobs, or is another one. Throws `QueueUnavailableError`. */
  readMark(): Promise<QueueMark>;
  /** Returns at once, also while the engine is down: a consumer waits and reconnects for ever. */
  consume<Ref extends QueueRef>(
    queue: Ref,
    options: ConsumeOptions,
    handler: JobHandler<Ref['job']>,
  ): Promise<Consumer>;
  /** Closes the producers and all open consumers, in a bounded time, also when the engine is unreachable. */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

export function createQueues(config: QueuesConfig): Queues {
  const deadlineMs = config.deadlineMs ?? 500;
  const log = config.log.child({ room: 'queue' });
  const engine = config.redisUrl
    ? createRedisEngine({
        url: config.redisUrl,
        ca: config.redisCa,
        prefix: config.prefix ?? '{solospark}',
        deadlineMs,
        log,
      })
    : createPostgresEngine({ url: config.postgresUrl, schema: config.schema ?? 'bullmq', deadlineMs, log });
  const consumers = new Set<Consumer>();
  let closing: Promise<void> | null = null;

  function nameOf(ref: QueueRef): string {
    const { perPlatform } = jobCatalog[ref.job];
    if (perPlatform && !config.platforms.includes(ref.platform ?? '')) {
      throw new TypeError(`no queue for platform ${JSON.stringify(ref.platform)}`);
    }
    return queueName(ref);
  }

  /** Bounds every call that a caller waits for, whatever the engine or its driver does. */
  async function withinDeadline<T>(
    operation: string,
    work: () => Promise<T>,
    leftMs = deadlineMs,
  ): Promise<T> {
    if (closing) throw new QueueUnavailableError(operation, new Error('the queue is closed'));
    try {
      return await withDeadline(work(), Math.max(0, leftMs), operation);
    } catch (error) {
      throw new QueueUnavailableError(operation, error);
    }
  }

  async function addAll(jobs: readonly JobRequest[]): Promise<void> {
    const byQueue = new Map<string, JobRequest[]>();
    for (const job of jobs) {
      assertJobId(job.id);
      const name = nameOf(job);
      byQueue.set(name, [...(byQueue.get(name) ?? []), job]);
    }
    await withinDeadline('add', () =>
      Promise.all([...byQueue].map(async ([name, group]) => addTo(await engine.queue(name), group))),
    );
    for (const { job, id, runAt, platform } of jobs)
      log.info({ jobId: id, job, platform, runAt }, 'job added');
  }

  function removeOne(job: JobRef): Promise<boolean> {
    const name = nameOf(job);
    return withinDeadline('remove', async () => {
      const queue = await engine.queue(name);
      const state = await queue.getJobState(job.id);
      // Redis answers "removed" for a job that was never there.
      if (state === 'unknown' || state === 'active') return false;
      const removed = (await queue.remove(job.id)) === 1;
      if (removed) log.info({ jobId: job.id, job: job.job, platform: job.platform }, 'job removed');
      return removed;
    });
  }

  /** Removes a job without reading its state first, which saves a round trip. Never throws when the queue is away. */
  async function dropStale(job: JobRef, leftMs: number): Promise<void> {
    try {
      await withinDeadline('remove', async () => (await engine.queue(nameOf(job))).remove(job.id), leftMs);
      log.info({ jobId: job.id, job: job.job, platform: job.platform }, 'job removed');
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      log.warn({ jobId: job.id, reason: error.reason }, 'stale job left behind');
    }
  }

  return {
    engine: engine.name,
    add: (jobs) => addAll(jobs),
    remove: (job) => removeOne(job),
    async reschedule(old, next) {
      const same = old && old.id === next.id && nameOf(old) === nameOf(next);
      const startedAt = performance.now();
      await addAll([next]);
      // One deadline for both calls: a request waits for them.
      if (old && !same) await dropStale(old, deadlineMs - (performance.now() - startedAt));
    },
    find(ref) {
      const name = nameOf(ref);
      return withinDeadline('find', async () => {
        const queue = await engine.queue(name);
        const job: Job | undefined = await queue.getJob(ref.id);
        if (!job) return null;
        const state = foundState(await queue.getJobState(ref.id));
        if (state === null) return null;
        const runAt =
          state === 'delayed' ? delayBase(job) + job.delay : job.timestamp + Number(job.opts.delay ?? 0);
        const found: FoundJob = { state, runAt: new Date(runAt) };
        return state === 'completed' ? { ...found, result: job.returnvalue as unknown } : found;
      });
    },
    counts() {
      return withinDeadline('counts', async () => {
        const names = allQueues(config.platforms).map(queueName);
        const counted = names.map(async (name) => [name, await countOf(await engine.queue(name))] as const);
        return Object.fromEntries(await Promise.all(counted));
      });
    },
    isReachable() {
      return withinDeadline('ping', () => engine.ping()).then(
        () => true,
        () => false,
      );
    },
    findProblem: ({ deadlineMs: limitMs = 5_000 } = {}) => engine.findProblem(limitMs),
    databaseConnections({ consumes }) {
      const { producers, workers } = engine.databaseConnections;
      return producers + (consumes ? workers : 0);
    },
    readMark: () => withinDeadline('mark', () => engine.readMark()),
    async consume(ref, options, handler) {
      if (closing) throw new QueueUnavailableError('consume', new Error('the queue is closed'));
      const tuning = {
        concurrency: options.concurrency,
        lockDurationMs: options.lockDurationMs ?? 30_000,
        stalledIntervalMs: options.stalledIntervalMs ?? 10_000,
      };
      const consumer = startConsumer(engine, nameOf(ref), tuning, handler, log);
      consumers.add(consumer);
      return consumer;
    },
    close({ timeoutMs = 5000 } = {}) {
      closing ??= (async () => {
        await Promise.all([...consumers].map((consumer) => consumer.close({ timeoutMs })));
        await engine.close();
      })();
      return closing;
    },
  };
}

async function addTo(queue: AnyQueue, jobs: readonly JobRequest[]): Promise<void> {
  const entries = jobs.map(({ job, id, data, runAt }) => {
    const { attempts, backoff, keepCompleted, keepFailed } = jobCatalog[job];
    const now = Date.now();
    const opts = {
      jobId: id,
      timestamp: now,
      delay: Math.max(0, (runAt?.getTime() ?? now) - now),
      attempts,
      ...(backoff && { backoff }),
      removeOnComplete: keepCompleted,
      removeOnFail: keepFailed,
    };
    return { name: job, data, opts };
  });
  const [only] = entries;
  if (entries.length === 1 && only) await queue.add(only.name, only.data, only.opts);
  else await queue.addBulk(entries);
}

async function countOf(queue: AnyQueue): Promise<QueueCounts> {
  const {
    delayed = 0,
    waiting = 0,
    active = 0,
    failed = 0,
  } = await queue.getJobCounts('delayed', 'waiting', 'active', 'failed');
  return { delayed, waiting, active, failed };
}

/** BullMQ has more states than a caller needs. */
function foundState(state: string): FoundJob['state'] | null {
  switch (state) {
    case 'delayed':
    case 'active':
    case 'completed':
    case 'failed':
      return state;
    case 'unknown':
      return null;
    default:
      return 'waiting';
  }
}
