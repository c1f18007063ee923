import { sleep } from '@solospark/foundation';
import { Worker, type IQueueBackend } from 'bullmq';
import type { AnyJob, WorkerTuning } from './engine.ts';

/**
 * A worker that pauses when the server answers but refuses (read-only replica, out of memory, a missing table). BullMQ
 * itself retries without a pause, which is thousands of refused commands a second.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see engine.ts
export class PatientWorker extends Worker<any, any, string, IQueueBackend, any, any> {
  protected override async moveToActive(token: string, name?: string): Promise<AnyJob> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (!this.closing) await sleep(500);
      throw error;
    }
  }

  /** Stops renewing locks and looking for stalled jobs at once: another worker takes over the jobs that still run. */
  async abandon(): Promise<void> {
    await this.pause(true);
    await this.lockManager.close();
  }
}

/** BullMQ's settings that both engines share. */
export function workerOptions(tuning: WorkerTuning) {
  return {
    autorun: false,
    concurrency: tuning.concurrency,
    lockDuration: tuning.lockDurationMs,
    stalledInterval: tuning.stalledIntervalMs,
    // A job whose worker was killed runs again; all jobs are idempotent. The limit stops a job that kills its workers.
    maxStalledCount: 10,
    // BullMQ's own 15 s would leave a queue unattended long after its server is back.
    runRetryDelay: 500,
  };
}
