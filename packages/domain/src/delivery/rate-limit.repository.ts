import type { SqlRunner } from '@solospark/db';
import type { Rate } from '@solospark/publishers';

/**
 * Takes one token from the bucket `key`, which holds `max` and refills evenly over `perSeconds`. Answers 0 when it
 * was taken, else the milliseconds until there is one. Kept in PostgreSQL, so that all processes share it and it
 * holds when Redis does not.
 */
export async function takeToken(db: SqlRunner, key: string, rate: Rate): Promise<number> {
  const perMs = rate.max / (rate.perSeconds * 1000);
  const [row] = await db.query<{ taken: boolean; tokens: number }>(
    `WITH refilled AS (
       INSERT INTO rate_bucket AS b (key, tokens, refilled_at) VALUES ($1, $2 - 1, now())
       ON CONFLICT (key) DO UPDATE
       SET tokens = LEAST($2, b.tokens + $3 * extract(epoch FROM now() - b.refilled_at) * 1000) - 1,
           refilled_at = now()
       WHERE LEAST($2, b.tokens + $3 * extract(epoch FROM now() - b.refilled_at) * 1000) >= 1
       RETURNING tokens
     )
     SELECT EXISTS (SELECT FROM refilled) AS taken,
            COALESCE((SELECT LEAST($2, tokens + $3 * extract(epoch FROM now() - refilled_at) * 1000)::float8
                      FROM rate_bucket WHERE key = $1), 0) AS tokens`,
    [key, rate.max, perMs],
  );
  if (!row || row.taken) return 0;
  return Math.ceil((1 - row.tokens) / perMs);
}
