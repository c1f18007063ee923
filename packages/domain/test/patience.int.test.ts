import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A platform asks to wait. One answer holds for all deliveries that would make the same request, and a post waits as long as
// its author lets it be late.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.sandbox('POST', '/reset');
  await app.ctx.db.query('DELETE FROM rate_bucket');
});

const askToWait = (seconds: number, fault: object = {}) =>
  app.sandbox('POST', '/faults', {
    platform: 'x',
    step: 'publish',
    fault: 'rate-limited',
    times: 1,
    retryAfterSeconds: seconds,
    ...fault,
  });
/** Each post has an account of its own, unless one is given. */
let accounts = 0;
const newAccount = async () => {
  const answer = await app.request('POST', '/channels', {
    platform: 'x',
    handle: `patient${(accounts += 1)}`,
  });
  return answer.body.id as string;
};
const publish = async (text: string, content: { channelId?: string; [field: string]: unknown } = {}) => {
  const { channelId = await newAccount(), ...rest } = content;
  const post = (await app.request('POST', '/posts', { text, channelIds: [channelId], ...rest })).body as {
    id: string;
  };
  expect((await app.request('POST', `/posts/${post.id}/publish`)).status).toBe(202);
  return post.id;
};
const deliveryOf = async (id: string) => (await app.request('GET', `/posts/${id}`)).body.deliveries[0];
const waiting = (id: string) =>
  eventually(
    () => deliveryOf(id),
    ({ status, failure }) => status === 'pending' && failure !== null,
    'it waits',
  );
const ended = (id: string) =>
  eventually(
    () => deliveryOf(id),
    ({ status }) => ['published', 'failed'].includes(status),
    'it ends',
  );
const attemptsOf = async (id: string) => {
  const rows = await app.ctx.db.query<{ outcome: string | null }>(
    `SELECT a.outcome FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.post_id = $1 ORDER BY a.fence`,
    [id],
  );
  return rows.map(({ outcome }) => outcome);
};
const callsTo = async (platform: string) =>
  ((await app.sandbox('GET', `/requests?platform=${platform}`)) as { requests: Record<string, number> })
    .requests;
const minutesLeft = ({ nextAttemptAt }: { nextAttemptAt: string }) =>
  (Date.parse(nextAttemptAt) - Date.now()) / 60_000;
const limitIsOver = () => app.ctx.db.query('UPDATE rate_bucket SET limited_until = now()');
/** Moves the post's times back by so many minutes. */
const minutesPass = (id: string, minutes: number) =>
  app.ctx.db.query(
    `WITH d AS (
       UPDATE delivery SET due_at = due_at - make_interval(mins => $2::int), next_attempt_at = now() WHERE post_id = $1
       RETURNING id
     )
     UPDATE attempt SET started_at = started_at - make_interval(mins => $2::int) FROM d WHERE delivery_id = d.id`,
    [id, minutes],
  );

it('a limit told to one post holds for its account: no other post of it asks before the limit is over', async () => {
  await askToWait(3600);
  const channelId = await newAccount();
  const first = await publish('The first asks', { channelId });
  await waiting(first);
  const others = await Promise.all(
    [1, 2, 3].map((number) => publish(`Number ${number} does not ask`, { channelId })),
  );
  for (const id of others) {
    expect(minutesLeft(await waiting(id))).toBeGreaterThan(58);
    expect(await attemptsOf(id)).toEqual(['wait_until']);
  }
  expect(await callsTo('x')).toMatchObject({ publish: 1 });
  expect((await ended(await publish('Another account goes on'))).status).toBe('published');

  await limitIsOver();
  await app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE status = 'pending'`);
  for (const id of [first, ...others]) expect((await ended(id)).status).toBe('published');
});

it('a limit on uploads lets posts without files go out', async () => {
  const mediaId = (await app.upload('launch.jpg', await demoImage())).body.id as string;
  await askToWait(3600, { step: 'upload' });
  expect(minutesLeft(await waiting(await publish('With a file', { mediaIds: [mediaId] })))).toBeGreaterThan(
    58,
  );
  expect((await ended(await publish('Without one'))).status).toBe('published');
});

it('a platform that says "now" and goes on refusing is asked at growing intervals', async () => {
  await askToWait(0, { times: 1_000 });
  const id = await publish('Refused and refused');
  const pauses = () =>
    app.ctx.db.query<{ ms: number }>(
      `SELECT (extract(epoch FROM a.sending_at - lag(a.sending_at) OVER (ORDER BY a.fence)) * 1000)::float8 AS ms
       FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.post_id = $1 AND a.sending_at IS NOT NULL ORDER BY a.fence`,
      [id],
    );
  const asked = await eventually(pauses, (rows) => rows.length >= 3, 'it is asked three times');
  const [, first = 0, second = 0] = asked.map(({ ms }) => ms);
  expect(await attemptsOf(id)).toHaveLength(3);
  expect(first).toBeGreaterThanOrEqual(5_000);
  expect(second).toBeGreaterThanOrEqual(10_000);
  expect((await deliveryOf(id)).attempts).toBe(0);
  await app.ctx.db.query(`UPDATE delivery SET status = 'canceled' WHERE post_id = $1`, [id]);
});

it('a limited post waits as long as it may be late, then fails, and waits again after a retry by a person', async () => {
  await askToWait(3600);
  const id = await publish('Half an hour late at most', { lateLimitMinutes: 30 });
  const left = minutesLeft(await waiting(id));
  expect(left).toBeGreaterThan(28);
  expect(left).toBeLessThanOrEqual(30);

  await minutesPass(id, 30);
  const failed = await ended(id);
  expect(failed).toMatchObject({ status: 'failed', failure: { kind: 'rate_limited', actor: 'platform' } });
  expect(failed.failure.reason).toMatch(
    /longer than the 30 minutes that it may be late.*Nothing was published/,
  );
  expect(await callsTo('x')).toMatchObject({ publish: 1 });

  await app.sandbox('DELETE', '/faults');
  expect((await app.request('POST', `/posts/${id}/retry`)).status).toBe(202);
  await waiting(id);
  await limitIsOver();
  await app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1`, [id]);
  expect((await ended(id)).status).toBe('published');
});

it('a limit of one day is waited for, although it ends after the day that a post may be late', async () => {
  await askToWait(24 * 3600);
  const { nextAttemptAt, dueAt } = await waiting(await publish('Tomorrow, a little later'));
  expect(Date.parse(nextAttemptAt) - Date.parse(dueAt)).toBeGreaterThan(24 * 3_600_000);
});
