import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import type { Rate } from '@solospark/publishers';
import { giveTokensBack, takeToken as take } from '../src/delivery/rate-limit.repository.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const takeToken = (key: string, rate: Rate) => take(test.database, { key, rate });

describe('takeToken', () => {
  it('gives as many as the budget holds, also when many ask at once, and then says how long to wait', async () => {
    const rate = { max: 5, perSeconds: 3600 };
    const waits = await Promise.all(Array.from({ length: 20 }, () => takeToken('burst', rate)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    const refused = waits.filter((wait) => wait > 0);
    // One token comes back every 12 minutes.
    expect(Math.min(...refused)).toBeGreaterThan(600_000);
    expect(Math.min(...refused)).toBeLessThanOrEqual(720_000);
  });

  it('serves many who ask in one statement as if they had asked one after the other', async () => {
    const rate = { max: 3, perSeconds: 3600 };
    const waits = await Promise.all([
      ...Array.from({ length: 5 }, () => takeToken('together', rate)),
      takeToken('beside', { max: 1, perSeconds: 3600 }),
    ]);
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[5]).toBe(0);
    // One comes back every 20 minutes: the second of the two who were refused waits for a token of its own.
    expect((waits[4] ?? 0) - (waits[3] ?? 0)).toBe(1_200_000);
    expect(await takeToken('together', rate)).toBeGreaterThan(0);
  });

  it('refills evenly', async () => {
    const rate = { max: 2, perSeconds: 3600 };
    await takeToken('refill', rate);
    await takeToken('refill', rate);
    expect(await takeToken('refill', rate)).toBeGreaterThan(0);
    await test.database.query(
      `UPDATE rate_bucket SET refilled_at = now() - interval '31 minutes' WHERE key = 'refill'`,
    );
    expect(await takeToken('refill', rate)).toBe(0);
    expect(await takeToken('refill', rate)).toBeGreaterThan(0);
  });

  it('keeps accounts apart', async () => {
    const rate = { max: 1, perSeconds: 3600 };
    expect(await takeToken('one', rate)).toBe(0);
    expect(await takeToken('two', rate)).toBe(0);
  });
});

describe('giveTokensBack', () => {
  it('gives a token back at once, and never more than the budget holds', async () => {
    const rate = { max: 1, perSeconds: 3600 };
    expect(await takeToken('given back', rate)).toBe(0);
    expect(await takeToken('given back', rate)).toBeGreaterThan(0);
    await giveTokensBack(test.database, ['given back', 'never heard of']);
    await giveTokensBack(test.database, ['given back']);
    expect(await takeToken('given back', rate)).toBe(0);
    expect(await takeToken('given back', rate)).toBeGreaterThan(0);
  });
});
