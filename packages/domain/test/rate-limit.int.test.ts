import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { takeToken } from '../src/delivery/rate-limit.repository.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

describe('takeToken', () => {
  it('gives as many as the budget holds, also when many ask at once, and then says how long to wait', async () => {
    const rate = { max: 5, perSeconds: 3600 };
    const waits = await Promise.all(
      Array.from({ length: 20 }, () => takeToken(test.database, 'burst', rate)),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    const refused = waits.filter((wait) => wait > 0);
    // One token comes back every 12 minutes.
    for (const wait of refused) expect(wait).toBeLessThanOrEqual(720_000);
    expect(Math.min(...refused)).toBeGreaterThan(600_000);
  });

  it('refills evenly', async () => {
    const rate = { max: 2, perSeconds: 3600 };
    await takeToken(test.database, 'refill', rate);
    await takeToken(test.database, 'refill', rate);
    expect(await takeToken(test.database, 'refill', rate)).toBeGreaterThan(0);
    await test.database.query(
      `UPDATE rate_bucket SET refilled_at = now() - interval '31 minutes' WHERE key = 'refill'`,
    );
    expect(await takeToken(test.database, 'refill', rate)).toBe(0);
    expect(await takeToken(test.database, 'refill', rate)).toBeGreaterThan(0);
  });

  it('keeps accounts apart', async () => {
    const rate = { max: 1, perSeconds: 3600 };
    expect(await takeToken(test.database, 'one', rate)).toBe(0);
    expect(await takeToken(test.database, 'two', rate)).toBe(0);
  });
});
