// Floor 1: hides BullMQ and ioredis. Only this room imports them.
export {
  allQueues,
  wakeJobId,
  failedDeliveryJobId,
  postDueJobId,
  queueName,
  type JobName,
  type JobPayloads,
  type JobRef,
  type JobRequest,
  type QueueRef,
} from './catalog.ts';
export { type ConsumedJob, type Consumer, type JobHandler } from './consumer.ts';
export { type QueueMark } from './engine.ts';
export { KeptAsFailedError, QueueUnavailableError } from './errors.ts';
export {
  createQueues,
  type ConsumeOptions,
  type FoundJob,
  type QueueCounts,
  type Queues,
  type QueuesConfig,
} from './queues.ts';
export { runAgainAt, type RunAgainAt } from './run-again.ts';
export { redisUrlProblem } from './redis-url.ts';
