import { FORGETTABLE, inBatches, type SqlRunner } from '@solospark/db';
import type { Rate } from '@solospark/publishers';

export interface TokenRequest {
  /** Names the bucket: it holds `rate.max` and refills evenly over `rate.perSeconds`. */
  key: string;
  rate: Rate;
}

/**
 * Takes one token. Answers 0 when it was taken, else the milliseconds until there is one for this request. Kept in PostgreSQL, so that all processes share the buckets and they hold when Redis does not.
 *
 * Not for repeating: after a lost answer the tokens may be gone, which costs a wait and never a refusal.
 */
export const takeToken = inBatches(async (db, requests: TokenRequest[]): Promise<number[]> => {
  const wanted = new Map<string, { rate: Rate; requests: number[] }>();
  requests.forEach(({ key, rate }, at) => {
    const bucket = wanted.get(key) ?? { rate, requests: [] };
    bucket.requests.push(at);
    wanted.set(key, bucket);
  });
  // In order, so that two processes that want the same buckets wait for each other and do not lock each other out.
  const buckets = [...wanted].sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = await db.query<{ key: string; tokens: number; taken: number }>(
    // Forgotten, they are there again: the platform's own limit is behind ours.
    `WITH ${FORGETTABLE}
     INSERT INTO rate_bucket AS b (key, capacity, per_ms, taken, tokens, refilled_at)
     SELECT key, capacity, per_ms, LEAST(wanted, floor(capacity)), capacity - LEAST(wanted, floor(capacity)), now()
     FROM unnest($1::text[], $2::float8[], $3::float8[], $4::int[]) AS new(key, capacity, per_ms, wanted), forgettable
     ON CONFLICT (key) DO UPDATE
     SET capacity = EXCLUDED.capacity, per_ms = EXCLUDED.per_ms, refilled_at = now(),
         taken = LEAST(EXCLUDED.taken, floor(${FILLED})), tokens = ${FILLED} - LEAST(EXCLUDED.taken, floor(${FILLED}))
     RETURNING key, tokens, taken`,
    [
      buckets.map(([key]) => key),
      buckets.map(([, { rate }]) => rate.max),
      buckets.map(([, { rate }]) => rate.max / (rate.perSeconds * 1000)),
      buckets.map(([, bucket]) => bucket.requests.length),
    ],
  );
  const waits = requests.map(() => 0);
  for (const { key, tokens, taken } of rows) {
    const bucket = wanted.get(key);
    const perMs = bucket ? bucket.rate.max / (bucket.rate.perSeconds * 1000) : 1;
    // Whoever is left waits for a token of its own: they do not all come back for the same one.
    bucket?.requests.slice(taken).forEach((at, rank) => (waits[at] = Math.ceil((rank + 1 - tokens) / perMs)));
  }
  return waits;
});

/** Gives back what was taken and not used: one token to each of these buckets. */
export async function giveTokensBack(db: SqlRunner, keys: readonly string[]): Promise<void> {
  // One after the other: a statement that held two buckets would have to lock them in the order of all the others.
  for (const key of keys) {
    await db.query(`UPDATE rate_bucket SET tokens = LEAST(capacity, tokens + 1) WHERE key = $1`, [key]);
  }
}

/** What an existing bucket holds at this moment. */
const FILLED = `
  LEAST(EXCLUDED.capacity, b.tokens + EXCLUDED.per_ms * GREATEST(0, extract(epoch FROM now() - b.refilled_at)::float8) * 1000)`;
