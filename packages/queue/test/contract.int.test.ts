import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createTestDatabase } from '../../../test/support/database.ts';
import { describeWithRedis } from '../../../test/support/describe-with-redis.ts';
import { openRedisForTests, uniquePrefix } from '../../../test/support/queue.ts';
import { createQueues, runAgainAt, type Queues, type QueuesConfig } from '../src/index.ts';
import { newId, postDue, recordingLog, until } from './support/fixtures.ts';

// The contract of every engine: what a caller may rely on.

const oneAtATime = { concurrency: 1 };
const postDueQueue = { job: 'post-due' } as const;

describe.each(['redis', 'postgres'] as const)('queue contract', (engine) => {
  const describeEngine = engine === 'redis' ? describeWithRedis : describe;

  describeEngine(`on ${engine}`, () => {
    let close: () => Promise<void>;
    let base: { redisUrl: string | null; postgresUrl: string };
    const open: Queues[] = [];

    beforeAll(async () => {
      if (engine === 'redis') {
        const redis = await openRedisForTests();
        base = { redisUrl: redis.url, postgresUrl: '' };
        close = () => redis.close();
      } else {
        const database = await createTestDatabase();
        base = { redisUrl: null, postgresUrl: database.url };
        close = () => database.drop();
      }
    });
    afterEach(async () => void (await Promise.all(open.splice(0).map((queues) => queues.close()))));
    afterAll(() => close());

    /** Reachable queues that no other test shares. */
    async function setUp() {
      const { log, lines } = recordingLog();
      const unique = newId();
      const config: QueuesConfig = {
        ...base,
        prefix: uniquePrefix(),
        schema: `queue_${unique}`,
        platforms: ['x', 'linkedin'],
        log,
        deadlineMs: 5000,
      };
      const queues = createQueues(config);
      open.push(queues);
      await until('reachable', () => queues.isReachable());
      return { queues, config, lines, postId: newId() };
    }

    it('names its engine', async () => {
      const { queues } = await setUp();
      expect(queues.engine).toBe(engine);
    });

    it('adds a job that runs once, with its payload, and is removed when it is done', async () => {
      const { queues, postId } = await setUp();
      const seen: unknown[] = [];
      await queues.consume(postDueQueue, oneAtATime, async (job) => seen.push(job));
      const job = postDue({ postId, revision: 3 });
      await queues.add([job]);
      await until('forgotten', async () => seen.length > 0 && (await queues.find(job)) === null);
      const facts = {
        id: `post-${postId}-r3`,
        name: 'post-due',
        data: { postId, revision: 3 },
        attemptsMade: 0,
      };
      expect(seen).toEqual([{ ...facts, runAt: expect.any(Date) }]);
    });

    it('adds many jobs at once, to several queues', async () => {
      const { queues } = await setUp();
      const later = new Date(Date.now() + 60_000);
      const post = (n: number) => ({ ...postDue({ postId: newId(), revision: n }), runAt: later });
      const wake = (platform: string, runAt?: Date) => {
        return { job: 'wake-workers' as const, platform, id: `wake-${newId()}`, data: {}, runAt };
      };
      await queues.add([post(1), post(2), post(3), wake('x'), wake('x', later), wake('linkedin')]);
      const none = { delayed: 0, waiting: 0, active: 0, failed: 0 };
      expect(await queues.counts()).toEqual({
        'post-due': { ...none, delayed: 3 },
        'publish-x': { ...none, delayed: 1, waiting: 1 },
        'publish-linkedin': { ...none, waiting: 1 },
        'failed-deliveries': none,
        'worker-test': none,
      });
    });

    it('adds nothing for an empty list', async () => {
      const { queues } = await setUp();
      await expect(queues.add([])).resolves.toBeUndefined();
    });

    it('does not change a job when its id is added again', async () => {
      const { queues, postId } = await setUp();
      const first = postDue({ postId, revision: 1, inMs: 60_000 });
      await queues.add([first]);
      await queues.add([{ ...first, runAt: new Date(Date.now() + 1) }]);
      await queues.add([first, postDue({ postId, revision: 2, inMs: 60_000 })]);
      expect((await queues.counts())['post-due']).toMatchObject({ delayed: 2, waiting: 0 });
      expect(await queues.find(first)).toEqual({ state: 'delayed', runAt: first.runAt });
    });

    it('refuses ids that BullMQ cannot use, and an unknown platform', async () => {
      const { queues } = await setUp();
      for (const id of ['', '7', 'a:b']) {
        await expect(queues.add([{ job: 'worker-test', id, data: { note: '' } }])).rejects.toThrow(TypeError);
      }
      const ref = { job: 'wake-workers', platform: 'nowhere', id: 'wake-1' } as const;
      await expect((async () => queues.remove(ref))()).rejects.toThrow(TypeError);
    });

    it('does not run a job before its time, and runs it soon after', async () => {
      const { queues, postId } = await setUp();
      const startedAt: number[] = [];
      await queues.consume(postDueQueue, oneAtATime, async () => startedAt.push(Date.now()));
      const job = postDue({ postId, revision: 1, inMs: 700 });
      await queues.add([job]);
      expect(await queues.find(job)).toEqual({ state: 'delayed', runAt: job.runAt });
      await until('started', () => startedAt.length > 0);
      const lateMs = Number(startedAt[0]) - Number(job.runAt);
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(2000);
    });

    it('runs an alarm on time although a later one was added before it', async () => {
      const { queues, postId } = await setUp();
      const started: string[] = [];
      await queues.consume(postDueQueue, oneAtATime, async (job) => started.push(job.id));
      const distant = postDue({ postId, revision: 1, inMs: 3_600_000 });
      await queues.add([distant]);
      // By now the consumer waits for the distant alarm.
      await until('asleep', async () => (await queues.counts())['post-due']?.delayed === 1);
      const near = postDue({ postId, revision: 2, inMs: 500 });
      await queues.add([near]);
      await until('near one started', () => started.includes(near.id), 4000);
      expect(started).toEqual([near.id]);
    });

    it('removes a delayed and a waiting job, and answers false the second time', async () => {
      const { queues, postId } = await setUp();
      const delayed = postDue({ postId, revision: 1, inMs: 60_000 });
      const waiting = postDue({ postId, revision: 2 });
      await queues.add([delayed, waiting]);
      expect(await queues.remove(delayed)).toBe(true);
      expect(await queues.remove(waiting)).toBe(true);
      expect(await queues.remove(delayed)).toBe(false);
      expect(await queues.find(delayed)).toBeNull();
      expect((await queues.counts())['post-due']).toMatchObject({ delayed: 0, waiting: 0 });
    });

    it('does not remove a running job', async () => {
      const { queues, postId } = await setUp();
      let finish = () => {};
      const finished = new Promise<void>((resolve) => (finish = resolve));
      let started = false;
      await queues.consume(postDueQueue, oneAtATime, async () => {
        started = true;
        await finished;
      });
      const job = postDue({ postId, revision: 1 });
      await queues.add([job]);
      await until('started', () => started);
      expect(await queues.remove(job)).toBe(false);
      expect(await queues.find(job)).toMatchObject({ state: 'active' });
      finish();
      await until('done', async () => (await queues.find(job)) === null);
    });

    it('keeps and runs only the latest job after several reschedules', async () => {
      const { queues, postId } = await setUp();
      const started: string[] = [];
      await queues.consume(postDueQueue, oneAtATime, async (job) => started.push(job.id));
      let last = postDue({ postId, revision: 1, inMs: 900 });
      await queues.reschedule(null, last);
      for (let revision = 2; revision <= 5; revision += 1) {
        const next = postDue({ postId, revision, inMs: 900 });
        await queues.reschedule(last, next);
        last = next;
      }
      expect((await queues.counts())['post-due']).toMatchObject({ delayed: 1, waiting: 0, active: 0 });
      await until('latest started', () => started.includes(last.id));
      await until('drained', async () => (await queues.find(last)) === null);
      expect(started).toEqual([last.id]);
    });

    it('reschedules although the old job is gone or runs', async () => {
      const { queues, postId } = await setUp();
      const next = postDue({ postId, revision: 2, inMs: 60_000 });
      await queues.reschedule(postDue({ postId, revision: 1 }), next);
      await queues.reschedule(next, next);
      expect(await queues.find(next)).toMatchObject({ state: 'delayed' });
    });

    it('puts a job that rang too early back, without using an attempt', async () => {
      const { queues, postId, lines } = await setUp();
      const runs: { at: number; attemptsMade: number }[] = [];
      const due = Date.now() + 1200;
      await queues.consume(postDueQueue, oneAtATime, async (job) => {
        runs.push({ at: Date.now(), attemptsMade: job.attemptsMade });
        return Date.now() < due ? runAgainAt(new Date(due)) : undefined;
      });
      const job = postDue({ postId, revision: 1 });
      await queues.add([job]);
      await until('put back', async () => (await queues.find(job))?.state === 'delayed');
      expect(await queues.find(job)).toEqual({ state: 'delayed', runAt: new Date(due) });
      await until('done', async () => (await queues.find(job)) === null);
      expect(runs.map((run) => run.attemptsMade)).toEqual([0, 0]);
      expect(Number(runs[1]?.at)).toBeGreaterThanOrEqual(due);
      expect(lines.filter((line) => line['msg'] === 'job put back')).toHaveLength(1);
    });

    it('tries an alarm five times, with exponential back-off and jitter, and logs each retry', async () => {
      const { queues, postId, lines } = await setUp();
      await queues.consume(postDueQueue, { concurrency: 5 }, async () => {
        throw new Error('no database');
      });
      const jobs = [1, 2, 3].map((revision) => postDue({ postId, revision }));
      await queues.add(jobs);
      const ended = () => lines.filter((line) => line['msg'] === 'job failed');
      await until('failed', () => ended().length === 3);
      const retries = lines.filter((line) => line['msg'] === 'job retried');
      expect(retries).toHaveLength(12);
      const delays = [1, 2, 3, 4].map((made) =>
        retries.filter((line) => line['attemptsMade'] === made).map((line) => Number(line['retryInMs'])),
      );
      delays.forEach((of, index) => {
        expect(Math.min(...of)).toBeGreaterThanOrEqual(250 * 2 ** index);
        expect(Math.max(...of)).toBeLessThanOrEqual(500 * 2 ** index);
      });
      expect(new Set(delays.flat()).size).toBeGreaterThan(4);
      expect(ended()[0]).toMatchObject({
        attemptsMade: 5,
        attempts: 5,
        postId,
        err: { message: 'no database' },
      });
      expect(await queues.find(jobs[0]!)).toMatchObject({ state: 'failed' });
    });

    it('does not retry a wake job, and keeps the ten most recent failed jobs', async () => {
      const { queues } = await setUp();
      const queue = { job: 'wake-workers', platform: 'x' } as const;
      let runs = 0;
      await queues.consume(queue, oneAtATime, async () => {
        runs += 1;
        throw new Error('refused');
      });
      const ids = Array.from({ length: 13 }, (_, n) => `wake-${newId()}-${n}`);
      for (const id of ids) await queues.add([{ ...queue, id, data: {} }]);
      await until(
        'all failed',
        async () => runs === 13 && (await queues.counts())['publish-x']?.active === 0,
      );
      expect((await queues.counts())['publish-x']).toEqual({ delayed: 0, waiting: 0, active: 0, failed: 10 });
      const kept = await Promise.all(ids.map((id) => queues.find({ ...queue, id })));
      expect(kept.map((job) => job?.state ?? null)).toEqual([null, null, null, ...Array(10).fill('failed')]);
    });

    it('keeps the result of a worker-test job', async () => {
      const { queues } = await setUp();
      const ref = { job: 'worker-test', id: `test-${newId()}` } as const;
      await queues.consume(ref, oneAtATime, async (job) => ({ heard: job.data.note }));
      await queues.add([{ ...ref, data: { note: 'hello' } }]);
      await until('completed', async () => (await queues.find(ref))?.state === 'completed');
      expect(await queues.find(ref)).toMatchObject({ result: { heard: 'hello' } });
    });

    it('runs a job again whose worker was killed with kill -9', async () => {
      const { queues, config, postId } = await setUp();
      const job = postDue({ postId, revision: 1 });
      const args = [
        '--import',
        new URL('../../../test/support/import-typescript.mjs', import.meta.url).pathname,
      ];
      const script = new URL('./support/hanging-worker.ts', import.meta.url).pathname;
      const child = spawn(
        process.execPath,
        [...args, '--conditions=source', script, JSON.stringify({ ...config, log: undefined })],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
      try {
        await queues.add([job]);
        await until('taken by the child', () => said.includes(job.id));
      } finally {
        child.kill('SIGKILL');
        await exited;
      }
      expect(await queues.find(job)).toMatchObject({ state: 'active' });
      const seen: string[] = [];
      const tuning = { concurrency: 1, lockDurationMs: 1000, stalledIntervalMs: 300 };
      await queues.consume(postDueQueue, tuning, async (taken) => seen.push(taken.id));
      await until('run again', () => seen.includes(job.id));
      await until('done', async () => (await queues.find(job)) === null);
      expect(seen).toEqual([job.id]);
    });

    it('runs as many jobs at the same time as its concurrency allows', async () => {
      const { queues, postId } = await setUp();
      let running = 0;
      let most = 0;
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      await queues.consume(postDueQueue, { concurrency: 4 }, async () => {
        most = Math.max(most, (running += 1));
        await released;
        running -= 1;
      });
      await queues.add([1, 2, 3, 4, 5, 6].map((revision) => postDue({ postId, revision })));
      await until('four at once', () => running === 4);
      await until('two wait', async () => (await queues.counts())['post-due']?.waiting === 2);
      release();
      await until('drained', async () => (await queues.counts())['post-due']?.waiting === 0 && running === 0);
      expect(most).toBe(4);
    });

    it('finishes the running job when it is stopped, and takes no other', async () => {
      const { queues, postId } = await setUp();
      let finish = () => {};
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const events: string[] = [];
      const consumer = await queues.consume(postDueQueue, oneAtATime, async (job) => {
        events.push(`started ${job.data.revision}`);
        await finished;
        events.push(`finished ${job.data.revision}`);
      });
      const first = postDue({ postId, revision: 1 });
      await queues.add([first]);
      await until('started', () => events.length > 0);
      const stopped = consumer.stop().then(() => events.push('stopped'));
      const second = postDue({ postId, revision: 2 });
      await queues.add([second]);
      expect(events).toEqual(['started 1']);
      finish();
      await stopped;
      expect(events).toEqual(['started 1', 'finished 1', 'stopped']);
      expect(await queues.find(first)).toBeNull();
      expect(await queues.find(second)).toMatchObject({ state: 'waiting' });
    });

    it('takes no job that arrives while an idle consumer stops', async () => {
      const { queues, postId } = await setUp();
      const seen: string[] = [];
      const consumer = await queues.consume(postDueQueue, oneAtATime, async (job) => seen.push(job.id));
      const probe = postDue({ postId, revision: 1 });
      await queues.add([probe]);
      await until('consumer works', () => seen.length === 1);
      await consumer.stop();
      const late = postDue({ postId, revision: 2 });
      await queues.add([late]);
      expect(await queues.find(late)).toMatchObject({ state: 'waiting' });
      expect(seen).toEqual([probe.id]);
    });

    it('closes within its time limit although a job hangs', async () => {
      const { queues, postId, lines } = await setUp();
      let started = false;
      const consumer = await queues.consume(postDueQueue, oneAtATime, () => {
        started = true;
        return new Promise(() => undefined);
      });
      await queues.add([postDue({ postId, revision: 1 })]);
      await until('started', () => started);
      const from = performance.now();
      await consumer.close({ timeoutMs: 300 });
      expect(performance.now() - from).toBeLessThan(2000);
      expect(lines.map((line) => line['msg'])).toContain('queue consumer dropped at its time limit');
    });

    it('logs each step of a job with its ids, and passes its logger to the handler', async () => {
      const { queues, lines } = await setUp();
      const data = { postId: newId(), revision: 2 };
      const job = { job: 'post-due', id: `post-${data.postId}-r2`, data } as const;
      await queues.consume(postDueQueue, oneAtATime, async (_job, log) => log.info('inside the handler'));
      await queues.add([job]);
      const messages = ['job added', 'job started', 'inside the handler', 'job completed'];
      await until('completed', () => lines.some((line) => line['msg'] === 'job completed'));
      const told = lines.filter((line) => line['jobId'] === job.id);
      expect(told.map((line) => line['msg']).sort()).toEqual([...messages].sort());
      for (const line of told.filter((one) => one['msg'] !== 'job added')) expect(line).toMatchObject(data);
    });

    it('has one mark for all processes, whose beat never goes back, and which no other queue has', async () => {
      const { queues, config } = await setUp();
      const other = createQueues(config);
      open.push(other);
      await until('reachable', () => other.isReachable());
      const marks = await Promise.all([queues, other, queues, other].map((each) => each.readMark()));
      expect(new Set(marks.map(({ epoch }) => epoch)).size).toBe(1);
      const beats = marks.map(({ beat }) => beat);
      expect((await other.readMark()).beat).toBeGreaterThanOrEqual(Math.max(...beats));
      const counts = Object.values(await queues.counts());
      expect(counts.reduce((sum, { delayed, waiting }) => sum + delayed + waiting, 0)).toBe(0);
      const { queues: another } = await setUp();
      expect((await another.readMark()).epoch).not.toBe(marks[0]?.epoch);
    });

    it('refuses work after it was closed, and may be closed twice', async () => {
      const { queues, postId } = await setUp();
      await queues.close();
      await queues.close();
      await expect(queues.add([postDue({ postId, revision: 1 })])).rejects.toThrow('not available');
      expect(await queues.isReachable()).toBe(false);
    });
  });
});
