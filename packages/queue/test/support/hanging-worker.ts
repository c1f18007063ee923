// A worker process that takes a job, prints its id, and never finishes it. The test kills it with SIGKILL.
import { createLogger } from '@solospark/foundation';
import { createQueues, type QueuesConfig } from '../../src/index.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as Omit<QueuesConfig, 'log'>;
const queues = createQueues({ ...config, log: createLogger({ name: 'hanging-worker', level: 'silent' }) });
await queues.consume(
  { job: 'post-due' },
  { concurrency: 1, lockDurationMs: 1000, stalledIntervalMs: 300 },
  (job) => {
    process.stdout.write(`started ${job.id}\n`);
    return new Promise(() => setInterval(() => undefined, 1000));
  },
);
