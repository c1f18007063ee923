import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { describeWithRedisServer } from '../../../test/support/describe-with-redis.ts';
import { startRedis, type RedisServer } from '../../../test/support/queue.ts';
import { watchForLostAlarms } from '../src/firing/lost-alarms.ts';

// The rows say that an alarm is set, and the queue that held it has lost it. Two workers share the mending.

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

/** Posts up to a year ahead, whose alarms are set as those of any post whose alarm is missing. */
async function schedulePosts(): Promise<void> {
  await app.ctx.db.query(
    `INSERT INTO post (organization_id, text, status, scheduled_at)
     SELECT $1, 'post ' || at, 'scheduled', now() + at * interval '40 hours' FROM generate_series(1, $2::int) AS at`,
    [app.organizationId, POSTS],
  );
  await untilAllAreSet();
  // The rows are confirmed, too, and what a first look takes for lost has been dealt with.
  await eventually(
    () =>
      app.ctx.db.query(
        `SELECT 1 FROM queue_mark WHERE lost_at IS NULL AND NOT EXISTS (SELECT 1 FROM post WHERE alarm_set_at IS NULL)`,
      ),
    (rows) => rows.length === 1,
    'nothing is being set any more',
  );
}

/** None while the queue cannot be asked. */
const countAlarms = () =>
  app.ctx.queues.counts().then(
    (counts) => counts['post-due']?.delayed ?? 0,
    () => 0,
  );

const untilAllAreSet = () => eventually(countAlarms, (count) => count >= POSTS, 'every post has its alarm');

/** Loses the queue, and expects all alarms to be there again, and one of them to ring in time. */
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

  it('was flushed holds every alarm again within seconds, and they ring in time', async () => {
    await expectAllBack(() => redis.command('FLUSHALL'));
  });

  it('came back from an older copy holds every alarm again, although its mark is the same', async () => {
    await expectAllBack(async () => {
      const key = await markKey();
      // It has been looked at since the copy was made: there is more to be missed than the copy's one look.
      await eventually(
        async () =>
          Number(/\d+/.exec((await redis.command(`HGET ${key} beat`)).split('\n')[1] ?? '')?.[0] ?? 0),
        (looks) => looks > 3,
        'the mark has been looked at several times',
      );
      const epoch = /[\da-f-]{36}/.exec(await redis.command(`HGET ${key} epoch`))?.[0] ?? '';
      expect(epoch).not.toBe('');
      // Where the copy was made, no alarm was set yet.
      await redis.command(
        `EVAL "redis.call('FLUSHALL') redis.call('HSET',KEYS[1],'epoch',ARGV[1],'beat',1)" 1 ${key} ${epoch}`,
      );
    });
  });

  it('is well is not given its alarms again', async () => {
    await schedulePosts();
    said.length = 0;
    const beat = async () =>
      Number(/\$\d+\r\n(\d+)/.exec(await redis.command(`HGET ${await markKey()} beat`))?.[1]);
    const before = await beat();
    await eventually(beat, (now) => now >= before + 8, 'both workers have looked several times');
    expect(said).toEqual([]);
    expect(await countAlarms()).toBe(POSTS);
  });

  it('is well is not thought to have gone back by a worker that another has overtaken while it looked', async () => {
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

  it('holds every alarm again within seconds, and they ring in time', async () => {
    await expectAllBack(() => app.ctx.db.query('TRUNCATE bullmq.job CASCADE'));
  });
});
