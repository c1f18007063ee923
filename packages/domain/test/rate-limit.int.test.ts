import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import type { Rate } from '@solospark/publishers';
import { giveTokensBack, recordLimit, takeToken as take } from '../src/delivery/rate-limit.repository.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const takeToken = (key: string, rate: Rate) => take(test.database, { key, rate });

describe('takeToken', () => {
  it('gives as many tokens as the budget holds, also to concurrent requests, and then says how long to wait', async () => {
    const rate = { max: 5, perSeconds: 3600 };
    const waits = await Promise.all(Array.from({ length: 20 }, () => takeToken('burst', rate)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    const refused = waits.filter((wait) => wait > 0);
    // One token comes back every 12 minutes.
    expect(Math.min(...refused)).toBeGreaterThan(600_000);
    expect(Math.min(...refused)).toBeLessThanOrEqual(720_000);
  });

  it('serves many requests in one statement as if they had come one after the other', async () => {
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

describe('recordLimit', () => {
  const SECOND = 1_000;
  const record = (key: string, forMs: number) => recordLimit(test.database, { key, forMs });
  /** Makes the last limit end so many milliseconds ago. */
  const ended = (key: string, ms: number) =>
    test.database.query(
      `UPDATE rate_bucket SET limited_until = now() - make_interval(secs => $2::float8 / 1000) WHERE key = $1`,
      [key, ms],
    );
  const about = (ms: number) => [ms - 200, ms + 200] as const;
  const expectAbout = (actual: number, ms: number) => {
    const [least, most] = about(ms);
    expect(actual).toBeGreaterThanOrEqual(least);
    expect(actual).toBeLessThanOrEqual(most);
  };

  it('returns what the platform said', async () => {
    expectAbout(await record('told', 3_600 * SECOND), 3_600 * SECOND);
    expect(await takeToken('told', { max: 5, perSeconds: 60 })).toBeGreaterThan(3_590 * SECOND);
  });

  it('returns a floor that doubles with each refusal in a row, and starts again after as long without one', async () => {
    const floors: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      const floorMs = await record('again', -300 * SECOND);
      floors.push(Math.round(floorMs / SECOND));
      await ended('again', 1);
    }
    expect(floors).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    await ended('again', 901 * SECOND);
    expectAbout(await record('again', -300 * SECOND), 5 * SECOND);
  });

  it('counts refusals of concurrent requests once, and keeps the longest limit', async () => {
    await Promise.all([7, 30, 9, 8].map((seconds) => record('at once', seconds * SECOND)));
    expectAbout(await record('at once', 0), 30 * SECOND);
    await ended('at once', 1);
    expectAbout(await record('at once', 0), 10 * SECOND);
  });

  it('never silences an account for longer than a day and an hour', async () => {
    expectAbout(await record('odd', 30 * 24 * 3_600 * SECOND), 25 * 3_600 * SECOND);
  });

  it('sets a limit during which takeToken gives no token, and after which it gives what the budget holds', async () => {
    const rate = { max: 2, perSeconds: 3600 };
    expect(await takeToken('limited', rate)).toBe(0);
    await record('limited', 60 * SECOND);
    expect(await takeToken('limited', rate)).toBeGreaterThan(59 * SECOND);
    await ended('limited', 1);
    expect(await takeToken('limited', rate)).toBe(0);
    expect(await takeToken('limited', rate)).toBeGreaterThan(0);
  });
});
