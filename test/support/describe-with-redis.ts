import { describe } from '@jest/globals';
import { redisForTests, redisServer } from './queue.ts';

/** A suite for the shared Redis. Where there is none, each of its tests is reported as skipped, by name. */
export const describeWithRedis = redisForTests() || redisServer ? describe : describe.skip;

/** A suite that starts and kills Redis servers of its own. */
export const describeWithRedisServer = redisServer ? describe : describe.skip;
