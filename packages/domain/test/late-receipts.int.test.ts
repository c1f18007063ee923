import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '@solospark/db';
import { createLogger } from '@solospark/foundation';
import { Writable } from 'node:stream';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';
import { claimDeliveries } from '../src/delivery/claim.repository.ts';
import type { ClaimedDelivery } from '../src/delivery/delivery.ts';
import { settlePosts } from '../src/delivery/settle-posts.repository.ts';
import { firePostNow } from '../src/firing/firing.repository.ts';
import {
  markSending,
  markSuperseded,
  recordReceipt,
  saveEvidence,
  settleDelivery,
} from '../src/delivery/lease.repository.ts';
import { createLease, SupersededError } from '../src/delivery/lease.ts';

// A receipt that comes when another worker holds the delivery, or when a database that lost its last commits has given out
// the same fencing number again. No worker runs here.

let app: TestApp;
let ctx: TestApp['ctx'];
let other: Database;
beforeAll(async () => {
  app = await startTestApp();
  ctx = app.ctx;
  other = openDatabase({ url: app.databaseUrl, applicationName: 'another worker' });
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const failure = { kind: 'unknown', actor: 'user', reason: 'Cannot tell.' } as const;
const handedBack = {
  outcome: 'handed_back',
  afterMs: 0,
  usesAttempt: false,
  mayBeOut: false,
  failure: null,
} as const;
const receiptOf = (remoteId: string) => ({ outcome: 'published', receipt: { remoteId, url: null } }) as const;
const claim = async (deliveryId: string): Promise<ClaimedDelivery> => {
  const request = { platform: 'x', limit: 1000, perChannel: 1000, except: [], trigger: 'job' } as const;
  const taken = (await claimDeliveries(ctx.db, request, 'test')).find(({ id }) => id === deliveryId);
  if (!taken) throw new Error('not claimed');
  return taken;
};
const claimed = async () => {
  const post = (await app.request('POST', '/posts', { text: 'Claim me', platforms: ['x'] })).body;
  const [delivery] = await firePostNow(ctx.db, post);
  return claim(delivery!.id);
};
const takeOver = async (held: ClaimedDelivery) => {
  await ctx.db.query(`UPDATE delivery SET lease_until = now() - interval '1 second' WHERE id = $1`, [
    held.id,
  ]);
  return claim(held.id);
};
const ledgerOf = ({ id }: { id: string }) =>
  ctx.db.query<{ outcome: string | null; detail: string | null; open: boolean }>(
    `SELECT outcome, detail, ended_at IS NULL AS open FROM attempt WHERE delivery_id = $1 ORDER BY fence`,
    [id],
  );
const rowOf = async ({ id }: { id: string }) =>
  (
    await ctx.db.query(
      `SELECT d.status, d.remote_id AS "remoteId", p.status AS post
       FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.id = $1`,
      [id],
    )
  )[0];

describe('a receipt that comes while its post is being settled', () => {
  it('makes the post published, whichever of the two is first', async () => {
    let wrong = 0;
    for (let round = 0; round < 100; round += 1) {
      const [post] = await ctx.db.query<{ id: string }>(
        `INSERT INTO post (organization_id, text, status) VALUES ($1, 'Late', 'publishing') RETURNING id`,
        [app.organizationId],
      );
      const [delivery] = await ctx.db.query<{ id: string }>(
        `INSERT INTO delivery (post_id, channel_id, platform, status, fence, sending_at, sending_deadline_at, due_at)
         VALUES ($1, $2, 'x', 'uncertain', 2, now(), now(), now()) RETURNING id`,
        [post!.id, app.channelOn('x')],
      );
      const held = { id: delivery!.id, fence: 1, claimToken: '00000000-0000-4000-8000-000000000000' };
      await Promise.all([
        settlePosts(ctx.db, [post!.id]),
        new Promise((resolve) => setTimeout(resolve, (round % 20) * 0.1)).then(() =>
          recordReceipt(other, held, { remoteId: '1', url: null }),
        ),
      ]);
      await settlePosts(ctx.db, null);
      const now = await rowOf(held);
      if (now?.['status'] !== 'published' || now['post'] !== 'published') wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  it('waits for a statement that has counted without it, and has the post settled again', async () => {
    const held = await claimed();
    const newer = await takeOver(held);
    await settleDelivery(ctx.db, { ...newer, settlement: { outcome: 'uncertain', failure } });
    // The post is settled by what was counted before the receipt, which then waits for the post's row.
    let receipt: Promise<unknown> | undefined;
    await ctx.db.transaction(async (tx) => {
      await settlePosts(tx, [held.postId]);
      receipt = recordReceipt(other, held, { remoteId: '1', url: null });
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await receipt;
    await settlePosts(ctx.db, null);
    expect(await rowOf(held)).toEqual({ status: 'published', remoteId: '1', post: 'published' });
  });
});

describe('a receipt that comes while another holder is sending', () => {
  async function both() {
    const lines: { level: number; msg: string; receipts?: string[] }[] = [];
    const logs = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)) as (typeof lines)[number]);
        done();
      },
    });
    const log = createLogger({ name: 'test', level: 'warn' }, logs);
    const first = await claimed();
    const late = createLease(ctx, first, { signal: new AbortController().signal });
    await late.commitSending();
    late.assertMaySend('POST');
    const second = createLease({ ...ctx, log }, await takeOver(first), {
      signal: new AbortController().signal,
    });
    await second.commitSending();
    second.assertMaySend('POST');
    await late.settle(receiptOf('1'));
    return { id: first.id, second, lines };
  }

  it('leaves the other holder’s receipt in the ledger, and logs that there are two', async () => {
    const { id, second, lines } = await both();
    await second.settle(receiptOf('2'));
    expect(await rowOf({ id })).toMatchObject({ status: 'published', remoteId: '1' });
    expect(await ledgerOf({ id })).toEqual([
      { outcome: 'published', detail: 'answered after its lease had run out', open: false },
      { outcome: 'published', detail: expect.stringContaining('published as 2'), open: false },
    ]);
    expect(lines).toEqual([
      expect.objectContaining({
        deliveryId: id,
        receipts: ['1', '2'],
        msg: expect.stringMatching(/two receipts/),
      }),
    ]);
  });

  it('leaves in the ledger how the other holder’s call ended', async () => {
    const { id, second } = await both();
    const refused = { ...failure, reason: 'Refused as a duplicate.' };
    await expect(second.settle({ outcome: 'failed', failure: refused })).rejects.toThrow(SupersededError);
    expect((await ledgerOf({ id }))[1]).toEqual({
      outcome: 'superseded',
      detail: expect.stringContaining('Refused as a duplicate.'),
      open: false,
    });
  });

  it('is not logged as a second post where the other holder has found the same post', async () => {
    const { id, second, lines } = await both();
    await expect(second.settle(receiptOf('1'))).rejects.toThrow(SupersededError);
    expect(lines).toEqual([]);
    expect(await rowOf({ id })).toMatchObject({ status: 'published', remoteId: '1' });
  });
});

describe('a fencing number that is given out twice, by a database that lost its last commits', () => {
  /** Two claims with the same fencing number; the database has lost the first one. */
  async function claimedTwice() {
    const lost = await claimed();
    await ctx.db.query(`DELETE FROM attempt WHERE delivery_id = $1`, [lost.id]);
    await ctx.db.query(
      `UPDATE delivery SET status = 'pending', fence = fence - 1, lease_until = NULL, next_attempt_at = now(), witness = '{}'
       WHERE id = $1`,
      [lost.id],
    );
    const present = await claim(lost.id);
    expect(present.fence).toBe(lost.fence);
    return { lost, present };
  }

  it('does not let the lost claim hand back what the present claim is sending', async () => {
    const { lost, present } = await claimedTwice();
    expect(await markSending(ctx.db, present)).toBeDefined();
    expect(await settleDelivery(ctx.db, { ...lost, settlement: handedBack })).toBe(false);
    expect(await saveEvidence(ctx.db, { ...lost, facts: { late: true } })).toBe(false);
    expect(await markSending(ctx.db, lost)).toBeUndefined();
    expect(await settleDelivery(ctx.db, { ...present, settlement: receiptOf('1') })).toBe(true);
    expect(await ledgerOf(lost)).toEqual([{ outcome: 'published', detail: null, open: false }]);
  });

  it('does not let the lost claim close the attempt of the present claim', async () => {
    const { lost, present } = await claimedTwice();
    const lease = createLease(ctx, lost, { signal: new AbortController().signal });
    await expect(lease.settle(handedBack)).rejects.toThrow(SupersededError);
    // As its worker does after that error.
    await markSuperseded(ctx.db, lost);
    expect(await ledgerOf(present)).toEqual([{ outcome: null, detail: null, open: true }]);
  });

  it('still accepts the receipt of the lost claim, and keeps it in the ledger', async () => {
    const { lost } = await claimedTwice();
    const lease = createLease(ctx, lost, { signal: new AbortController().signal });
    await lease.settle(receiptOf('9'));
    expect(await rowOf(lost)).toMatchObject({ status: 'published', remoteId: '9' });
    expect((await ledgerOf(lost)).map(({ outcome }) => outcome)).toEqual(['superseded', 'published']);
  });
});
