import { afterEach, expect, it } from '@jest/globals';
import { describeWithRedisServer } from '../../../test/support/describe-with-redis.ts';
import { freePort, startRedis, startTcpProxy, type RedisServer } from '../../../test/support/queue.ts';
import { createQueues, QueueUnavailableError, type Queues } from '../src/index.ts';
import { newId, postDue, recordingLog, timed, until } from './support/fixtures.ts';

// Redis may be lost, flushed, slow or dead at any time. These tests do this to a real server.

const deadlineMs = 500;
/** The deadline, and some time for a busy machine. */
const promptlyMs = 1000;

describeWithRedisServer('queue on a failing redis', () => {
  const cleanUp: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  async function redisServer(options?: { port?: number; args?: string[] }): Promise<RedisServer> {
    const server = await startRedis(options);
    cleanUp.push(async () => {
      server.resume();
      await server.kill();
    });
    return server;
  }

  function open(redisUrl: string) {
    const { log, lines, text } = recordingLog();
    const queues = createQueues({ redisUrl, postgresUrl: '', platforms: ['x'], log, deadlineMs });
    cleanUp.push(() => queues.close({ timeoutMs: 1000 }));
    const started: string[] = [];
    const consume = () =>
      queues.consume({ job: 'post-due' }, { concurrency: 2 }, async (job) => void started.push(job.id));
    return { queues, lines, text, started, consume };
  }

  async function expectPromptRefusal(queues: Queues): Promise<void> {
    const job = postDue({ postId: newId(), revision: 1, inMs: 60_000 });
    const calls = [
      () => queues.add([job]),
      () => queues.add([job, { ...job, id: `${job.id}0` }]),
      () => queues.reschedule(null, job),
    ];
    for (const call of calls) {
      const { ms, error } = await timed(call);
      expect(error).toBeInstanceOf(QueueUnavailableError);
      expect(ms).toBeLessThan(promptlyMs);
    }
  }

  async function expectReadsRefused(queues: Queues): Promise<void> {
    const ref = { job: 'post-due', id: 'post-1-r1' } as const;
    for (const call of [() => queues.remove(ref), () => queues.find(ref), () => queues.counts()]) {
      const { ms, error } = await timed(call);
      expect(error).toBeInstanceOf(QueueUnavailableError);
      expect(ms).toBeLessThan(promptlyMs);
    }
    const from = performance.now();
    expect(await queues.isReachable()).toBe(false);
    expect(performance.now() - from).toBeLessThan(promptlyMs);
  }

  /** The consumer that was started before takes a job that is added now. */
  async function expectAtWork({ queues, started }: ReturnType<typeof open>, limitMs = 30_000): Promise<void> {
    const jobs = [1, 2, 3].map((revision) => postDue({ postId: newId(), revision, inMs: 50 }));
    await until('added', async () => (await timed(() => queues.add(jobs))).error === null, limitMs);
    await until('consumed', () => jobs.every((job) => started.includes(job.id)), limitMs);
  }

  it('down at start: adds are refused, consume returns, and both work once it is up', async () => {
    const port = await freePort();
    const opened = open(`redis://127.0.0.1:${port}`);
    await expectPromptRefusal(opened.queues);
    await expectReadsRefused(opened.queues);
    // Known to be down by now: callers are refused at once, before the deadline.
    const { ms } = await timed(() => opened.queues.add([postDue({ postId: newId(), revision: 1 })]));
    expect(ms).toBeLessThan(deadlineMs / 2);
    expect((await timed(opened.consume)).ms).toBeLessThan(promptlyMs);
    await redisServer({ port });
    await expectAtWork(opened);
  });

  it('killed and back empty: producers and consumers work again within seconds, without a restart', async () => {
    const server = await redisServer();
    const opened = open(server.url);
    await opened.consume();
    await expectAtWork(opened);
    await server.kill();
    await until('noticed', async () => !(await opened.queues.isReachable()));
    await expectPromptRefusal(opened.queues);
    await expectReadsRefused(opened.queues);
    await redisServer({ port: server.port });
    const from = performance.now();
    await expectAtWork(opened, 10_000);
    expect(performance.now() - from).toBeLessThan(4000);
  });

  it('flushed while connected, scripts included: new jobs are added and run', async () => {
    const server = await redisServer();
    const opened = open(server.url);
    await opened.consume();
    await expectAtWork(opened);
    await server.command('FLUSHALL');
    await server.command('SCRIPT FLUSH');
    const [first, second] = [1, 2].map((revision) => postDue({ postId: newId(), revision }));
    await opened.queues.add([first!, second!]);
    await until('both run', () => [first, second].every((job) => opened.started.includes(job!.id)));
  });

  it('accepts connections and never answers: calls end at the deadline, and it is used again when it answers', async () => {
    const server = await redisServer();
    const proxy = await startTcpProxy(server.port);
    cleanUp.push(() => proxy.close());
    const opened = open(`redis://127.0.0.1:${proxy.port}`);
    await opened.consume();
    await expectAtWork(opened);
    proxy.blackHole();
    await expectPromptRefusal(opened.queues);
    await expectReadsRefused(opened.queues);
    proxy.restore();
    await expectAtWork(opened);
  });

  it('never answers from the start: calls end at the deadline', async () => {
    const proxy = await startTcpProxy(1);
    cleanUp.push(() => proxy.close());
    proxy.blackHole();
    const { queues, consume } = open(`redis://127.0.0.1:${proxy.port}`);
    await expectPromptRefusal(queues);
    await expectReadsRefused(queues);
    expect((await timed(consume)).ms).toBeLessThan(promptlyMs);
  });

  it('frozen with its sockets open: calls end at the deadline, and it is used again when it resumes', async () => {
    const server = await redisServer();
    const opened = open(server.url);
    await opened.consume();
    await expectAtWork(opened);
    server.pause();
    await expectPromptRefusal(opened.queues);
    server.resume();
    await expectAtWork(opened);
  });

  it('out of memory: adds are refused, the consumer does not spin, and both work again with free memory', async () => {
    const server = await redisServer();
    const opened = open(server.url);
    await until('reachable', () => opened.queues.isReachable());
    await server.command('CONFIG SET maxmemory 1');
    await opened.consume();
    await expectPromptRefusal(opened.queues);
    const before = await commandsOf(server);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await commandsOf(server)) - before).toBeLessThan(50);
    await server.command('CONFIG SET maxmemory 0');
    await expectAtWork(opened);
  });

  it('a new alarm that cannot be set leaves the old one ringing', async () => {
    const server = await redisServer();
    const { queues } = open(server.url);
    await until('reachable', () => queues.isReachable());
    const old = postDue({ postId: newId(), revision: 1, inMs: 60_000 });
    await queues.add([old]);
    await server.command('CONFIG SET maxmemory 1');
    const next = postDue({ postId: old.data.postId, revision: 2, inMs: 90_000 });
    await expect(queues.reschedule(old, next)).rejects.toThrow(QueueUnavailableError);
    await server.command('CONFIG SET maxmemory 0');
    expect(await queues.find(old)).toEqual({ state: 'delayed', runAt: old.runAt });
  });

  it('read-only replica: adds are refused, its consumer does not spin, and both work after promotion', async () => {
    const primary = await redisServer();
    const replica = await redisServer();
    await replica.command(`REPLICAOF 127.0.0.1 ${primary.port}`);
    await until('replicating', async () =>
      (await replica.command('INFO replication')).includes('role:slave'),
    );
    await until('in step', async () =>
      (await replica.command('INFO replication')).includes('link_status:up'),
    );
    const opened = open(replica.url);
    await opened.consume();
    await expectPromptRefusal(opened.queues);
    const before = await commandsOf(replica);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await commandsOf(replica)) - before).toBeLessThan(50);
    await replica.command('REPLICAOF NO ONE');
    await expectAtWork(opened);
  });

  it('gone for good: everything closes in bounded time, also while a job runs', async () => {
    const server = await redisServer();
    const { queues } = open(server.url);
    let running = false;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const consumer = await queues.consume({ job: 'post-due' }, { concurrency: 1 }, async () => {
      running = true;
      await finished;
    });
    await queues.add([postDue({ postId: newId(), revision: 1 })]);
    await until('running', () => running);
    await server.kill();
    setTimeout(finish, 200);
    expect((await timed(() => consumer.stop())).ms).toBeLessThan(5000);
    expect((await timed(() => queues.close({ timeoutMs: 1000 }))).ms).toBeLessThan(4000);
  });

  it('never there: everything closes in bounded time', async () => {
    const { queues, consume } = open(`redis://127.0.0.1:${await freePort()}`);
    const consumer = await consume();
    expect((await timed(() => consumer.stop())).ms).toBeLessThan(4000);
    expect((await timed(() => queues.close())).ms).toBeLessThan(4000);
  });

  it('back after an outage: used again within about a second, and the outage is logged once', async () => {
    const server = await redisServer();
    const opened = open(server.url);
    await opened.consume();
    await expectAtWork(opened);
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await redisServer({ port: server.port });
    await until('reachable again', () => opened.queues.isReachable(), 1700);
    await expectAtWork(opened);
    const count = (message: string) => opened.lines.filter((line) => line['msg'] === message).length;
    await until('back', () => count('queue connection ready') === 2);
    expect(count('queue connection lost')).toBe(1);
    // BullMQ may log errors about jobs that were lost with the server.
    const complaints = opened.lines.filter((line) => Number(line['level']) >= 40 && !('setting' in line));
    expect(complaints.filter((line) => !String(line['reason']).includes(' job ')).length).toBeLessThan(4);
  });

  it('never logs or throws the password', async () => {
    const server = await redisServer({ args: ['--requirepass', 'right-one'] });
    const wrong = open(`redis://default:wr0ng-secret@127.0.0.1:${server.port}/0`);
    await wrong.consume();
    const { error } = await timed(() => wrong.queues.add([postDue({ postId: '1', revision: 1 })]));
    expect(error).toBeInstanceOf(QueueUnavailableError);
    await until('complained', () => wrong.lines.some((line) => Number(line['level']) >= 40));
    expect(wrong.text() + JSON.stringify(error) + String((error as Error).stack)).not.toContain(
      'wr0ng-secret',
    );
    expect(() => open('http://me:wr0ng-secret@host')).toThrow(/^the Redis URL must look like/);
  });

  it('takes user, password and database number from the URL', async () => {
    const server = await redisServer({ args: ['--requirepass', 'right-one'] });
    const opened = open(`redis://default:right-one@127.0.0.1:${server.port}/3`);
    await opened.consume();
    await expectAtWork(opened);
    expect(opened.lines).toContainEqual(expect.objectContaining({ msg: 'queue connection ready', db: 3 }));
  });

  it('with settings that may lose jobs: warns, and says what to change', async () => {
    const server = await redisServer({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { lines } = open(server.url);
    const settings = () => lines.filter((line) => 'setting' in line).map((line) => line['setting']);
    await until('checked', () => settings().length === 2);
    expect(settings()).toEqual(['maxmemory_policy', 'aof_enabled']);
  });
});

async function commandsOf(server: RedisServer): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await server.command('INFO stats'))?.[1]);
}
