import { describe } from '@jest/globals';
import { redisForTests, redisServer } from './queue.ts';

/** A suite that uses the shared Redis. Without a Redis, each of its tests is reported as skipped. */
export const describeWithRedis = redisForTests() || redisServer ? describe : describe.skip;

/** A suite that starts and kills Redis servers of its own. */
export const describeWithRedisServer = redisServer ? describe : describe.skip;
