import { sleep, type Logger } from '@solospark/foundation';
import { DelayedError } from 'bullmq';
import type { JobName, JobPayloads } from './catalog.ts';
import type { AnyJob, AnyProcessor, Engine, WorkerHandle, WorkerTuning } from './engine.ts';
import { KeptAsFailedError, reasonOf } from './errors.ts';
import { runAgainTime } from './run-again.ts';

export interface ConsumedJob<Name extends JobName = JobName> {
  id: string;
  name: Name;
  data: JobPayloads[Name];
  /** Attempts that ended before this one. */
  attemptsMade: number;
  /** The time for which the job was added. */
  runAt: Date;
}

/** The result is kept as the catalog says. Returning a `RunAgainAt` puts the job back. Throwing uses an attempt. */
export type JobHandler<Name extends JobName = JobName> = (
  job: ConsumedJob<Name>,
  log: Logger,
) => Promise<unknown>;

export interface Consumer {
  /**
   * Takes no more jobs and resolves when the running ones are finished and reported. It waits for the handlers without a
   * limit, but never for a server that does not answer.
   */
  stop(): Promise<void>;
  /** Like `stop`, but drops the jobs that still run after `timeoutMs`: another worker runs them again. Never rejects. */
  close(options: { timeoutMs: number }): Promise<void>;
}

/** How long reporting the last job may take after its handler ended. After that, the job is left to run again. */
const reportGraceMs = 2000;

/** Runs a worker until it is stopped: one that could not start, or broke, is replaced. */
export function startConsumer(
  engine: Engine,
  queue: string,
  tuning: WorkerTuning,
  handler: JobHandler,
  parentLog: Logger,
): Consumer {
  const log = parentLog.child({ queue });
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let current: WorkerHandle | null = null;

  const processor: AnyProcessor = (job, token) => {
    const work = runJob(job, token, current?.worker.getBackend(), handler, log);
    const settled: Promise<void> = work.then(noop, noop).then(() => void running.delete(settled));
    running.add(settled);
    return work;
  };

  async function supervise(): Promise<void> {
    const logError = logEachErrorOnce(engine, log);
    // One listener for all rounds: one for each round would pile up while the engine is away.
    const stopAsked = aborted(stopping.signal);
    while (!stopping.signal.aborted) {
      const handle = engine.createWorker(queue, processor, tuning);
      current = handle;
      const { worker } = handle;
      worker.on('error', logError);
      logOutcomes(handle, log);
      try {
        await Promise.race([worker.waitUntilReady(), stopAsked]);
        if (stopping.signal.aborted) break;
        log.info({ concurrency: tuning.concurrency }, 'queue consumer ready');
        await worker.run();
      } catch (error) {
        logError(error);
      }
      if (stopping.signal.aborted) break;
      handle.destroy();
      await sleep(1000, stopping.signal);
    }
  }
  const supervised = supervise();

  let stopped: Promise<void> | null = null;
  let isStopped = false;
  async function stopOnce(): Promise<void> {
    stopping.abort();
    const closed = current?.worker.close().catch(noop) ?? Promise.resolve();
    // `worker.close()` never resolves while its server is away, so the handlers are tracked as well.
    const enough = new AbortController();
    const idle = (async () => {
      while (running.size > 0) await Promise.all(running);
      await sleep(reportGraceMs, enough.signal);
    })();
    await Promise.race([closed, idle]);
    current?.destroy();
    await Promise.race([supervised, idle]);
    enough.abort();
    isStopped = true;
    log.info('queue consumer stopped');
  }

  return {
    stop: () => (stopped ??= stopOnce()),
    async close({ timeoutMs }) {
      if (isStopped) return;
      stopped ??= stopOnce();
      const inTime = new AbortController();
      await Promise.race([stopped, sleep(timeoutMs, inTime.signal)]);
      inTime.abort();
      if (isStopped) return;
      isStopped = true;
      current?.destroy();
      log.warn({ running: running.size, timeoutMs }, 'queue consumer dropped at its time limit');
    },
  };
}

async function runJob(
  job: AnyJob,
  token: string | undefined,
  backend: ReturnType<WorkerHandle['worker']['getBackend']> | undefined,
  handler: JobHandler,
  log: Logger,
): Promise<unknown> {
  const id = job.id ?? '';
  const jobLog = log.child(jobFields(job));
  jobLog.info({ attemptsMade: job.attemptsMade }, 'job started');
  const runAt = new Date(job.timestamp + (job.opts.delay ?? 0));
  const result = await handler(
    {
      id,
      name: job.name as JobName,
      data: job.data as JobPayloads[JobName],
      attemptsMade: job.attemptsMade,
      runAt,
    },
    jobLog,
  );
  const again = runAgainTime(result);
  if (again === null || !backend) return result;
  const base = delayBase(job);
  await backend.moveToDelayed(id, base, Math.max(0, again.getTime() - base), token, { skipAttempt: true });
  jobLog.info({ runAt: again }, 'job put back');
  throw new DelayedError();
}

/** The time from which a job's `delay` counts. Putting a job back uses it too, so that `find` returns the true time. */
export function delayBase(job: AnyJob): number {
  return job.attemptsMade > 0 && job.processedOn ? job.processedOn : job.timestamp;
}

function logOutcomes({ worker }: WorkerHandle, log: Logger): void {
  worker.on('completed', (job: AnyJob) => {
    const durationMs = job.finishedOn && job.processedOn ? job.finishedOn - job.processedOn : undefined;
    log.info({ ...jobFields(job), durationMs }, 'job completed');
  });
  worker.on('failed', (job: AnyJob | undefined, error: Error) => {
    if (!job) return log.error({ err: error }, 'job failed');
    if (error instanceof KeptAsFailedError) return log.info(jobFields(job), 'job kept among the failed ones');
    const { attemptsMade, opts, delay } = job;
    const facts = { ...jobFields(job), attemptsMade, attempts: opts.attempts ?? 1, err: error };
    if (job.finishedOn) log.error(facts, 'job failed');
    else log.warn({ ...facts, retryInMs: delay }, 'job retried');
  });
  worker.on('stalled', (jobId: string) => log.warn({ jobId }, 'job taken over from a worker that is gone'));
}

/** The ids of the payload are fields of every log line; `note` is free text and stays out. */
function jobFields(job: AnyJob): Record<string, unknown> {
  const ids = { ...(job.data as Record<string, unknown>) };
  delete ids['note'];
  return { jobId: job.id, job: job.name, ...ids };
}

/** Logs the same error again only after a minute. The connection monitor logs lost and restored Redis connections. */
function logEachErrorOnce(engine: Engine, log: Logger): (error: unknown) => void {
  const saidAt = new Map<string, number>();
  return (error) => {
    if (engine.name === 'redis' && (error as { syscall?: unknown } | null)?.syscall !== undefined) return;
    const reason = reasonOf(error);
    const now = Date.now();
    if (now - (saidAt.get(reason) ?? 0) < 60_000) return;
    if (saidAt.size > 50) saidAt.clear();
    saidAt.set(reason, now);
    log.warn({ reason }, 'queue consumer error');
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function noop(): void {}
