import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates, type Certificates } from '../../../test/support/certificates.ts';
import { describeWithRedisServer } from '../../../test/support/describe-with-redis.ts';
import { freePort, startRedis, type RedisServer } from '../../../test/support/queue.ts';
import { createProbeConnection } from '../src/connection.ts';
import { createQueues, type Queues } from '../src/index.ts';
import { leastRights } from '../src/redis-access.ts';
import { newId, postDue, recordingLog, until } from './support/fixtures.ts';

// A managed Redis: users with few rights, few databases, TLS with a CA of its own.

const prefix = '{solospark}';
const rights = leastRights(prefix);

describeWithRedisServer('on a managed Redis,', () => {
  let folder: string;
  let certificates: Certificates;
  let server: RedisServer;
  let tlsPort: number;
  const open: Queues[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'solospark-redis-rules-'));
    certificates = makeCertificates(folder);
    tlsPort = await freePort();
    const { ca, certificate, key } = certificates;
    server = await startRedis({
      args: [
        ...['--databases', '4', '--tls-port', String(tlsPort), '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca],
      ],
    });
  }, 60_000);
  beforeEach(() => setUser(rights));
  afterEach(
    async () => void (await Promise.all(open.splice(0).map((queues) => queues.close({ timeoutMs: 1_000 })))),
  );
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const setUser = async (words: string) => {
    expect(await server.command(`ACL SETUSER app reset on >secret ${words}`)).toMatch(/^\+OK/);
    await server.command('ACL LOG RESET');
  };

  function queuesOn(redisUrl: string, redisCa?: string): Queues {
    const { log } = recordingLog();
    const queues = createQueues({
      redisUrl,
      redisCa,
      prefix,
      postgresUrl: '',
      platforms: ['x'],
      log,
      deadlineMs: 2_000,
    });
    open.push(queues);
    return queues;
  }
  const asApp = () => `redis://app:secret@127.0.0.1:${server.port}`;

  async function expectAtWork(queues: Queues) {
    const started: string[] = [];
    await queues.consume({ job: 'post-due' }, { concurrency: 2 }, async (job) => void started.push(job.id));
    const jobs = [1, 2, 3].map((revision) => postDue({ postId: newId(), revision, inMs: 50 }));
    await queues.add(jobs);
    await until('consumed', () => jobs.every(({ id }) => started.includes(id)));
    const [later, earlier] = [60_000, 50_000].map((inMs) => postDue({ postId: newId(), revision: 1, inMs }));
    await queues.add([later!]);
    await queues.reschedule(later!, earlier!);
    expect(await queues.find(earlier!)).toMatchObject({ state: 'delayed' });
    expect(await queues.remove(earlier!)).toBe(true);
    await queues.counts();
    await queues.readMark();
  }

  it('a user with exactly the documented rights can do all that a queue does', async () => {
    const queues = queuesOn(asApp());
    expect(await queues.findProblem()).toBeUndefined();
    await expectAtWork(queues);
    expect(await server.command('ACL LOG')).toMatch(/^\*0/);
  });

  it.each([
    ['-info', 'INFO'],
    ['-@dangerous', 'INFO'],
    ['-zadd', 'ZADD'],
    ['-bzpopmin', 'BZPOPMIN'],
    ['-eval -evalsha', 'EVAL, EVALSHA'],
    ['-@transaction', 'MULTI'],
    ['-xadd', 'XADD'],
    ['-script', 'SCRIPT|LOAD'],
    ['resetkeys ~other:*', `use the keys ${prefix}:*`],
  ])(
    'the check at start names the right that a user lacks (%s), and how to grant it',
    async (words, named) => {
      await setUser(`${rights} ${words}`);
      const problem = await queuesOn(asApp()).findProblem();
      expect(problem).toContain(named);
      expect(problem).toContain(`ACL SETUSER app ${rights}`);
      expect(problem).not.toContain('secret');
    },
  );

  it('a database number that the server does not have never falls back to database 0', async () => {
    const queues = queuesOn(`redis://127.0.0.1:${server.port}/9`);
    expect(await queues.findProblem()).toContain('no database 9');
    const job = postDue({ postId: newId(), revision: 1, inMs: 60_000 });
    await server.command('FLUSHALL');
    await expect(queues.add([job])).rejects.toThrow('not available');
    await expect(queues.readMark()).rejects.toThrow('not available');
    expect(await server.command('DBSIZE')).toMatch(/^:0/);
  });

  it('the database number in the URL is used', async () => {
    await server.command('FLUSHALL');
    const queues = queuesOn(`redis://127.0.0.1:${server.port}/3`);
    await queues.add([postDue({ postId: newId(), revision: 1, inMs: 60_000 })]);
    expect(await server.command('INFO keyspace')).toMatch(/db3:/);
    expect(await server.command('DBSIZE')).toMatch(/^:0/);
  });

  it.each([
    ['app:wrong@', 'refuses the user or the password'],
    ['nobody:secret@', 'refuses the user or the password'],
  ])('the check at start says for %s that Redis %s', async (user, sentence) => {
    expect(await queuesOn(`redis://${user}127.0.0.1:${server.port}`).findProblem()).toContain(sentence);
  });

  it('the check at start names REDIS_CA_FILE for an unknown CA, and with it everything works', async () => {
    const url = `rediss://localhost:${tlsPort}`;
    expect(await queuesOn(url).findProblem()).toContain('REDIS_CA_FILE');
    const queues = queuesOn(url, readFileSync(certificates.ca, 'utf8'));
    expect(await queues.findProblem()).toBeUndefined();
    await expectAtWork(queues);
  });

  it('a socket that fails again after it was closed does not end the process', async () => {
    const client = createProbeConnection({ url: `redis://127.0.0.1:${server.port}`, ca: undefined }, 5_000);
    await client.connect();
    const { stream } = client as unknown as { stream: Socket };
    client.disconnect();
    await until('closed', () => stream.closed);
    for (let times = 0; times < 3; times += 1) stream.emit('error', new Error('a late alert'));
  });

  it('a server that is away is not reported as a problem of the settings', async () => {
    expect(await queuesOn(`redis://127.0.0.1:${await freePort()}`).findProblem()).toBeUndefined();
  });
});
