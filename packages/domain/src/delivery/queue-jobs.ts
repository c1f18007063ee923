import { failedDeliveryJobId, wakeJobId, type JobRequest } from '@solospark/queue';
import type { Failure } from '@solospark/publishers';
import type { Context } from '../context.ts';
import type { ClaimedDelivery } from './delivery.ts';

// What the queue is told about deliveries. The rows are committed first, and a sweeper finds in them what the queue did not
// take: so both functions are best effort and never throw.

/** Wakes workers to claim deliveries of these platforms, at `at` or now. */
export async function wakeWorkers(
  ctx: Pick<Context, 'queues' | 'log' | 'clock'>,
  platforms: Iterable<string>,
  at: Date = ctx.clock.now(),
): Promise<void> {
  const jobs = [...new Set(platforms)].map((platform): JobRequest => {
    return { job: 'wake-workers', platform, id: wakeJobId({ platform, at }), data: {}, runAt: at };
  });
  await addOrWarn(ctx, jobs, 'workers not woken');
}

/** Shows a failed delivery to people who look into the queue: as a failed job, in a queue of its own. */
export async function showFailedDelivery(
  ctx: Pick<Context, 'queues' | 'log'>,
  claim: ClaimedDelivery,
  { kind, reason }: Failure,
): Promise<void> {
  const { id: deliveryId, postId, organizationId, platform, fence } = claim;
  const id = failedDeliveryJobId({ deliveryId, attempt: fence });
  const data = { organizationId, postId, deliveryId, platform, kind, reason };
  await addOrWarn(ctx, [{ job: 'failed-delivery', id, data }], 'failed delivery not shown in the queue');
}

async function addOrWarn(
  ctx: Pick<Context, 'queues' | 'log'>,
  jobs: JobRequest[],
  warning: string,
): Promise<void> {
  if (jobs.length === 0) return;
  try {
    await ctx.queues.add(jobs);
  } catch (error) {
    ctx.log.warn({ err: error, jobs: jobs.map(({ id }) => id) }, warning);
  }
}
