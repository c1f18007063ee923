import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithRedisServer } from '../../../test/support/describe-with-redis.ts';
import { startRedis, type RedisServer } from '../../../test/support/queue.ts';
import { watchForLostAlarms } from '../src/firing/lost-alarms.ts';

// According to the rows alarms are set, and the queue has lost them. Two workers share the repair.

const POSTS = 200;

let app: TestApp;
let said: string[];

async function open(options: { redisUrl?: string } = {}): Promise<void> {
  app = await startTestApp(options);
  said = [];
  for (const level of ['info', 'warn'] as const) {
    const log = app.ctx.log;
    const write: (...args: Parameters<typeof log.info>) => void = log[level].bind(log);
    log[level] = (...args: Parameters<typeof log.info>) => {
      said.push(String(args[1] ?? args[0]));
      write(...args);
    };
  }
  await app.startWorker();
  await app.startWorker();
}

/** Schedules posts up to a year ahead. The sweepers set their alarms, as for any post whose alarm is missing. */
async function schedulePosts(): Promise<void> {
  await app.ctx.db.query(
    `INSERT INTO post (organization_id, text, status, scheduled_at)
     SELECT $1, 'post ' || at, 'scheduled', now() + at * interval '40 hours' FROM generate_series(1, $2::int) AS at`,
    [app.organizationId, POSTS],
  );
  await untilAllAreSet();
  // Also waits until the rows are confirmed, and until no alarms count as lost.
  await eventually(
    () =>
      app.ctx.db.query(
        `SELECT 1 FROM queue_mark WHERE lost_at IS NULL AND NOT EXISTS (SELECT 1 FROM post WHERE alarm_set_at IS NULL)`,
      ),
    (rows) => rows.length === 1,
    'nothing is being set any more',
  );
}

/** 0 while the queue cannot be asked. */
const countAlarms = () =>
  app.ctx.queues.counts().then(
    (counts) => counts['post-due']?.delayed ?? 0,
    () => 0,
  );

const untilAllAreSet = () => eventually(countAlarms, (count) => count >= POSTS, 'every post has its alarm');

/** Empties the queue, and expects all alarms to be there again, and one of them to ring in time. */
async function expectAllBack(lose: () => Promise<unknown>): Promise<void> {
  await schedulePosts();
  const { id } = (await app.request('POST', '/posts', { text: 'soon', platforms: ['x'] })).body;
  await app.request('PUT', `/posts/${id}/schedule`, { scheduledAt: secondsAhead(6) });
  await lose();
  await untilAllAreSet();
  await eventually(
    async () => (await app.request('GET', `/posts/${id}`)).body.status as string,
    (status) => status === 'published',
    'the post that was due soon is published',
  );
  expect(said).not.toContain('overdue posts fired without their alarm');
  expect(said.filter((line) => line.startsWith('alarms lost'))).toHaveLength(1);
  // By one of the two workers.
  expect(said.filter((line) => line === 'lost alarms set anew')).toHaveLength(1);
}

describeWithRedisServer('a Redis that', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
    await open({ redisUrl: redis.url });
  });
  afterEach(async () => {
    await app.close();
    await redis.stop();
  });

  const markKey = async () => /\S+:mark/.exec(await redis.command('KEYS *:mark'))?.[0] ?? '';

  it('was flushed has every alarm again within seconds, and they ring in time', async () => {
    await expectAllBack(() => redis.command('FLUSHALL'));
  });

  it('came back from an older copy has every alarm again, although its mark has the same epoch', async () => {
    await expectAllBack(async () => {
      const key = await markKey();
      // The beat has to be greater than that of the copy, which is 1.
      await eventually(
        async () =>
          Number(/\d+/.exec((await redis.command(`HGET ${key} beat`)).split('\n')[1] ?? '')?.[0] ?? 0),
        (looks) => looks > 3,
        'the mark has been looked at several times',
      );
      const epoch = /[\da-f-]{36}/.exec(await redis.command(`HGET ${key} epoch`))?.[0] ?? '';
      expect(epoch).not.toBe('');
      // The copy was made before any alarm was set.
      await redis.command(
        `EVAL "redis.call('FLUSHALL') redis.call('HSET',KEYS[1],'epoch',ARGV[1],'beat',1)" 1 ${key} ${epoch}`,
      );
    });
  });

  it('has lost nothing is not given its alarms again', async () => {
    await schedulePosts();
    said.length = 0;
    const beat = async () =>
      Number(/\$\d+\r\n(\d+)/.exec(await redis.command(`HGET ${await markKey()} beat`))?.[1]);
    const before = await beat();
    await eventually(beat, (now) => now >= before + 8, 'both workers have looked several times');
    expect(said).toEqual([]);
    expect(await countAlarms()).toBe(POSTS);
  });

  it('has lost nothing is not taken for an older copy by a worker while another one reads its mark, too', async () => {
    await schedulePosts();
    said.length = 0;
    const other = watchForLostAlarms(app.ctx, 'other');
    const queues = {
      ...app.ctx.queues,
      async readMark() {
        const found = await app.ctx.queues.readMark();
        await other.look();
        return found;
      },
    };
    await watchForLostAlarms({ ...app.ctx, queues }, 'overtaken').look();
    expect(said.filter((line) => line.startsWith('alarms lost'))).toEqual([]);
  });
});

describe('a queue in PostgreSQL whose tables were emptied', () => {
  beforeEach(() => open());
  afterEach(() => app.close());

  it('has every alarm again within seconds, and they ring in time', async () => {
    await expectAllBack(() => app.ctx.db.query('TRUNCATE bullmq.job CASCADE'));
  });
});
