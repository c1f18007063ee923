import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../../test/support/database.ts';
import { startTcpProxy, type TcpProxy } from '../../../test/support/queue.ts';
import { createQueues, QueueUnavailableError } from '../src/index.ts';
import { newId, postDue, recordingLog, timed, until } from './support/fixtures.ts';

// Without Redis the queue needs PostgreSQL, as everything does. An outage must not make callers hang.

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port || 5432));
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

it('a PostgreSQL that stops answering: calls end at the deadline, it is used again, and closes in time', async () => {
  const url = new URL(database.url);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const { log } = recordingLog();
  proxy.blackHole();
  const queues = createQueues({ redisUrl: null, postgresUrl: url.href, platforms: ['x'], log });
  const started: string[] = [];
  const consuming = await timed(() =>
    queues.consume({ job: 'post-due' }, { concurrency: 2 }, async (job) => started.push(job.id)),
  );
  expect(consuming.ms).toBeLessThan(1000);

  const expectPromptRefusal = async () => {
    const job = postDue({ postId: newId(), revision: 1 });
    for (const call of [() => queues.add([job]), () => queues.remove(job), () => queues.find(job)]) {
      const { ms, error } = await timed(call);
      expect(error).toBeInstanceOf(QueueUnavailableError);
      expect(ms).toBeLessThan(1000);
    }
    expect(await queues.isReachable()).toBe(false);
  };
  const expectAtWork = async () => {
    const job = postDue({ postId: newId(), revision: 1 });
    await until('added', async () => (await timed(() => queues.add([job]))).error === null);
    await until('consumed', () => started.includes(job.id));
  };

  await expectPromptRefusal();
  proxy.restore();
  await expectAtWork();
  proxy.blackHole();
  await expectPromptRefusal();
  proxy.restore();
  await expectAtWork();
  proxy.blackHole();
  expect((await timed(() => queues.close({ timeoutMs: 500 }))).ms).toBeLessThan(4000);
});
