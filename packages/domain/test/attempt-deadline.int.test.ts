import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { PublishCall, Publisher } from '@solospark/publishers';
import { eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { claimDeliveries } from '../src/delivery/claim.repository.ts';
import type { ClaimedDelivery } from '../src/delivery/delivery.ts';
import { firePostNow } from '../src/firing/firing.repository.ts';
import { publishDelivery } from '../src/delivery/publish-delivery.ts';
import { openWorkerPool } from '../src/worker/worker-pool.ts';
import { poolOf } from './worker-pool.ts';

// Attempts that never end by themselves. The publishers are real, and hang where the test says.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const never = new Promise<never>(() => undefined);
const claimed = async (): Promise<ClaimedDelivery> => {
  const text = `Number ${Math.random()}`;
  const post = (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
  await firePostNow(app.ctx.db, post);
  return claimAgain();
};
const claimAgain = async (): Promise<ClaimedDelivery> => {
  const request = { platform: 'x', limit: 1, perChannel: 1, except: [], trigger: 'job' } as const;
  const [claim] = await claimDeliveries(app.ctx.db, request, 'test');
  if (!claim) throw new Error('nothing to claim');
  return claim;
};
const contextWith = (change: (publisher: Publisher) => Partial<Publisher>) => ({
  ...app.ctx,
  findPublisher(platform: string) {
    const publisher = app.ctx.findPublisher(platform);
    return publisher && { ...publisher, ...change(publisher) };
  },
});
/** Publishes it in a worker pool with this stall limit; resolves when its slot is free. */
async function runToItsEnd(ctx: TestApp['ctx'], claim: ClaimedDelivery, stallMs: number) {
  const unclaimed = [claim];
  let slotFreed = false;
  const pool = openWorkerPool({
    ...poolOf(ctx),
    stallMs,
    claim: () => Promise.resolve(unclaimed.splice(0)),
    publish: (each, control) =>
      publishDelivery(ctx, each, {
        ...control,
        onAnswer() {
          slotFreed = true;
          control.onAnswer?.();
        },
      }),
  });
  pool.wake('x', 'job');
  await eventually(
    () => Promise.resolve(slotFreed),
    (freed) => freed,
    'the worker lets go',
  );
  expect(await pool.drain(20_000)).toBe(true);
  await pool.close();
}
const rowOf = async ({ id }: { id: string }) => {
  const [row] = await app.ctx.db.query(
    `SELECT status, lease_until AS lease, attempts_used AS tries, sending_at IS NOT NULL AS "mayBeOut",
            failure_actor AS actor FROM delivery WHERE id = $1`,
    [id],
  );
  return row;
};
const ledgerOf = ({ id }: { id: string }) =>
  app.ctx.db.query<{ outcome: string; detail: string }>(
    'SELECT outcome, detail FROM attempt WHERE delivery_id = $1 ORDER BY fence',
    [id],
  );
const shownOnX = async ({ text }: { text: string }) =>
  (await app.publicPosts('x')).filter((post) => post.text === text).length;

it('an attempt that hangs before its public call is handed on as a failed try of this server', async () => {
  const claim = await claimed();
  const hanging = contextWith(() => ({ prepare: () => never }));
  await runToItsEnd({ ...app.ctx, ...hanging }, claim, 500);
  expect(await rowOf(claim)).toEqual({
    status: 'pending',
    lease: null,
    tries: 1,
    mayBeOut: false,
    actor: 'operator',
  });
  expect(await ledgerOf(claim)).toEqual([
    { outcome: 'retry', detail: 'the attempt got no step further for 1 s' },
  ]);
  expect(await app.ctx.db.query('SELECT 1 FROM platform_circuit')).toEqual([]);
  await app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE id = $1`, [claim.id]);
  await publishDelivery(app.ctx, await claimAgain(), { signal: new AbortController().signal });
  expect(await shownOnX(claim)).toBe(1);
});

it('an attempt that hangs after its public call is looked up, and its late receipt still counts', async () => {
  const claim = await claimed();
  let letGo = () => undefined as void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const hanging = contextWith((publisher) => ({
    async publish(call: PublishCall) {
      const outcome = await publisher.publish(call);
      await held;
      return outcome;
    },
  }));
  await runToItsEnd({ ...app.ctx, ...hanging }, claim, 500);
  expect(await rowOf(claim)).toMatchObject({ status: 'pending', lease: null, mayBeOut: true });
  expect((await ledgerOf(claim)).map(({ outcome }) => outcome)).toEqual(['ask_again']);
  expect(await shownOnX(claim)).toBe(1);
  letGo();
  await eventually(
    () => rowOf(claim),
    (row) => (row as { status: string }).status === 'published',
    'the late receipt counts',
  );
  expect(await shownOnX(claim)).toBe(1);
});

it('a slow attempt that makes steps forward is not ended', async () => {
  const claim = await claimed();
  const slow = contextWith((publisher) => ({
    async prepare(call: PublishCall) {
      for (let step = 0; step < 10; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await call.remember({ [`step${step}`]: true });
      }
      return publisher.prepare(call);
    },
  }));
  await runToItsEnd({ ...app.ctx, ...slow }, claim, 3_000);
  expect(await rowOf(claim)).toMatchObject({ status: 'published', tries: 1 });
});

it('an attempt that is told to end before it begins hands its delivery back, and uses up no try', async () => {
  const claim = await claimed();
  await publishDelivery(app.ctx, claim, { signal: AbortSignal.abort(new Error('no slot')) });
  expect(await rowOf(claim)).toMatchObject({ status: 'pending', tries: 0, mayBeOut: false });
  expect(await ledgerOf(claim)).toEqual([{ outcome: 'handed_back', detail: 'not begun: no slot' }]);
});
