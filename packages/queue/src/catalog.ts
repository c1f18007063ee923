import type { BackoffOptions, KeepJobs } from 'bullmq';

// All jobs, as data. A payload carries ids and a revision, never content and never a token: the row in PostgreSQL is read
// again when the job runs. `failed-delivery`, which people read, also carries a reason in our own words. Once shipped, a
// payload only gains optional fields.

export interface JobPayloads {
  /** Post P, revision R, is due. Firing is a compare-and-set, so it is safe to repeat. */
  'post-due': { postId: string; revision: number };
  /** Deliveries of a platform may be claimable from now on. The rows say which ones. */
  'wake-workers': Record<string, never>;
  /** Kept as a failed job for people to look at. Retrying the job retries its delivery. */
  'failed-delivery': {
    organizationId: string;
    postId: string;
    deliveryId: string;
    platform: string;
    kind: string;
    reason: string;
  };
  /** Only shows that queue and worker work. */
  'worker-test': { note: string };
}

export type JobName = keyof JobPayloads;

/** Names a queue: by its job, and for `wake-workers` also by platform. */
export type QueueRef =
  | { job: 'post-due'; platform?: undefined }
  | { job: 'wake-workers'; platform: string }
  | { job: 'failed-delivery'; platform?: undefined }
  | { job: 'worker-test'; platform?: undefined };

/** Names one job, in any state. */
export type JobRef = QueueRef & { id: string };

/** A job to add. `runAt` absent or in the past means now. */
export type JobRequest = {
  [Name in JobName]: Extract<QueueRef, { job: Name }> & {
    id: string;
    data: JobPayloads[Name];
    runAt?: Date | undefined;
  };
}[JobName];

interface JobDefinition {
  queue: (platform: string) => string;
  perPlatform: boolean;
  attempts: number;
  backoff?: BackoffOptions;
  keepCompleted: KeepJobs | true;
  keepFailed: KeepJobs;
}

const keepTenFailed = { count: 10 };

export const jobCatalog: Record<JobName, JobDefinition> = {
  'post-due': {
    queue: () => 'post-due',
    perPlatform: false,
    attempts: 5,
    // 0.25–0.5 s, 0.5–1 s, 1–2 s, 2–4 s: short, because a sweeper publishes an overdue post itself anyway.
    backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
    keepCompleted: true,
    keepFailed: keepTenFailed,
  },
  'wake-workers': {
    queue: (platform) => `publish-${platform}`,
    perPlatform: true,
    attempts: 1,
    keepCompleted: true,
    keepFailed: keepTenFailed,
  },
  'failed-delivery': {
    queue: () => 'failed-deliveries',
    perPlatform: false,
    attempts: 1,
    keepCompleted: true,
    keepFailed: keepTenFailed,
  },
  'worker-test': {
    queue: () => 'worker-test',
    perPlatform: false,
    attempts: 1,
    // Kept for a while, so that the process that added it can read the result.
    keepCompleted: { count: 20, age: 3600 },
    keepFailed: keepTenFailed,
  },
};

/** The queue's name: `post-due`, `failed-deliveries`, `worker-test`, `publish-<platform>`. */
export function queueName(ref: QueueRef): string {
  return jobCatalog[ref.job].queue(ref.platform ?? '');
}

/** Every queue of an installation with these platforms. */
export function allQueues(platforms: readonly string[]): QueueRef[] {
  return [
    { job: 'post-due' },
    ...platforms.map((platform): QueueRef => ({ job: 'wake-workers', platform })),
    { job: 'failed-delivery' },
    { job: 'worker-test' },
  ];
}

/** One alarm for each revision: a rescheduled post gets a new id, so an older alarm that still exists does not block it. */
export function postDueJobId(of: { postId: string; revision: number }): string {
  return `post-${of.postId}-r${of.revision}`;
}

/** Wake-ups of the same platform at the same time are one job. */
export function wakeJobId(of: { platform: string; at: Date }): string {
  return `wake-${of.platform}-${of.at.getTime()}`;
}

/** One id for each failure: a delivery may fail, be retried, and fail again. */
export function failedDeliveryJobId(of: { deliveryId: string; attempt: number }): string {
  return `failed-${of.deliveryId}-a${of.attempt}`;
}

/** BullMQ refuses ids with a colon, and confuses whole numbers with its own ids. Such an id is a programming error. */
export function assertJobId(id: string): void {
  if (id === '' || id.includes(':') || /^\d+$/.test(id))
    throw new TypeError(`not a job id: ${JSON.stringify(id)}`);
}
