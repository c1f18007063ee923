import { FORGETTABLE, inBatches, type SqlRunner } from '@solospark/db';
import type { Rate } from '@solospark/publishers';
import type { ClaimedDelivery } from './delivery.ts';

/** Whom a limit applies to: all accounts here, one account, or the uploads of one account. */
export type Limited = 'platform' | 'account' | 'uploads';

export function bucketKey(
  limited: Limited,
  {
    platform,
    endpoint,
    channel,
  }: Pick<ClaimedDelivery, 'platform' | 'endpoint'> & {
    channel: Pick<ClaimedDelivery['channel'], 'remoteAccountId'>;
  },
): string {
  const parts = [limited, platform, ...(endpoint ? [endpoint] : [])];
  return [...parts, ...(limited === 'platform' ? [] : [channel.remoteAccountId])].join(':');
}

/** The same keys in SQL, for a delivery `d` of a channel `c`: milliseconds until the platform may be asked again. */
export const LIMITED_FOR_MS = `
  GREATEST(0, COALESCE((
    SELECT (extract(epoch FROM max(b.limited_until) - now()) * 1000)::float8 FROM rate_bucket b
    WHERE b.key IN (
      concat_ws(':', 'platform', d.platform, NULLIF(d.endpoint, '')),
      concat_ws(':', 'account', d.platform, NULLIF(d.endpoint, ''), c.remote_account_id),
      CASE WHEN EXISTS (SELECT FROM post_media WHERE post_media.post_id = d.post_id)
        THEN concat_ws(':', 'uploads', d.platform, NULLIF(d.endpoint, ''), c.remote_account_id) END)), 0))`;

/** The shortest limit, where a platform names no time or one that has passed. It doubles with each limit in a row. */
export const SHORTEST_LIMIT_MS = 5_000;
export const LONGEST_FLOOR_MS = 15 * 60_000;
/** The longest limit. No rate window is longer than a day, and one odd answer must not silence an account for weeks. */
export const LONGEST_LIMIT_MS = 25 * 60 * 60_000;

/**
 * The platform has asked these accounts to wait for `forMs`. Returns how long they wait: what it said, but at least a floor
 * that doubles while it goes on refusing. A refusal that comes while a limit still holds does not raise the floor.
 */
export async function recordLimit(db: SqlRunner, limit: { key: string; forMs: number }): Promise<number> {
  const floorMs = (times: string) =>
    `LEAST(${LONGEST_FLOOR_MS}, ${SHORTEST_LIMIT_MS} * 2 ^ LEAST(GREATEST(${times}, 1) - 1, 20))`;
  const [row] = await db.query<{ ms: number }>(
    `WITH ${FORGETTABLE}
     INSERT INTO rate_bucket AS b (key, capacity, per_ms, taken, tokens, refilled_at, limited_until, limits)
     SELECT $1, 1, 1, 0, 1, now(), now() + make_interval(secs => GREATEST($2::float8, ${SHORTEST_LIMIT_MS}) / 1000), 1
     FROM forgettable
     ON CONFLICT (key) DO UPDATE
     SET (limited_until, limits) = (
       SELECT GREATEST(b.limited_until, now() + make_interval(secs => GREATEST($2::float8, ${floorMs('times')}) / 1000)), times
       FROM (SELECT CASE WHEN b.limited_until > now() THEN b.limits
                         WHEN b.limited_until + make_interval(secs => ${floorMs('b.limits')} / 1000) > now() THEN b.limits + 1
                         ELSE 1 END AS times) AS row)
     RETURNING (extract(epoch FROM limited_until - now()) * 1000)::float8 AS ms`,
    [limit.key, Math.min(limit.forMs, LONGEST_LIMIT_MS)],
  );
  return row?.ms ?? limit.forMs;
}

export interface TokenRequest {
  /** Names the bucket: it holds `rate.max` and refills evenly over `rate.perSeconds`. */
  key: string;
  rate: Rate;
}

/**
 * Takes one token. Returns 0 when it was taken, else the milliseconds until there is one for this request. The buckets are in
 * PostgreSQL, so that all processes share them and they hold without Redis.
 *
 * Not idempotent: after a lost answer a token may be gone, which costs a wait and never a refusal.
 */
export const takeToken = inBatches(async (db, requests: TokenRequest[]): Promise<number[]> => {
  const wanted = new Map<string, { rate: Rate; requests: number[] }>();
  requests.forEach(({ key, rate }, at) => {
    const bucket = wanted.get(key) ?? { rate, requests: [] };
    bucket.requests.push(at);
    wanted.set(key, bucket);
  });
  // Sorted, so that two processes that want the same buckets cannot deadlock.
  const buckets = [...wanted].sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = await db.query<{ key: string; tokens: number; taken: number; limitedMs: number }>(
    // If a crash loses this write the tokens are there again: the platform's own limit still protects it.
    `WITH ${FORGETTABLE}
     INSERT INTO rate_bucket AS b (key, capacity, per_ms, taken, tokens, refilled_at)
     SELECT key, capacity, per_ms, LEAST(wanted, floor(capacity)), capacity - LEAST(wanted, floor(capacity)), now()
     FROM unnest($1::text[], $2::float8[], $3::float8[], $4::int[]) AS new(key, capacity, per_ms, wanted), forgettable
     ON CONFLICT (key) DO UPDATE
     SET capacity = EXCLUDED.capacity, per_ms = EXCLUDED.per_ms, refilled_at = now(),
         taken = ${TAKEN}, tokens = ${FILLED} - ${TAKEN}
     RETURNING key, tokens, taken,
               GREATEST(0, COALESCE(extract(epoch FROM limited_until - now()) * 1000, 0))::float8 AS "limitedMs"`,
    [
      buckets.map(([key]) => key),
      buckets.map(([, { rate }]) => rate.max),
      buckets.map(([, { rate }]) => rate.max / (rate.perSeconds * 1000)),
      buckets.map(([, bucket]) => bucket.requests.length),
    ],
  );
  const waits = requests.map(() => 0);
  for (const { key, tokens, taken, limitedMs } of rows) {
    const bucket = wanted.get(key);
    const perMs = bucket ? bucket.rate.max / (bucket.rate.perSeconds * 1000) : 1;
    // Each remaining request waits for its own token: they do not all come back for the same one.
    bucket?.requests
      .slice(taken)
      .forEach((at, rank) => (waits[at] = Math.ceil(Math.max(limitedMs, (rank + 1 - tokens) / perMs, 1))));
  }
  return waits;
});

/** Gives back unused tokens: one to each of these buckets. */
export async function giveTokensBack(db: SqlRunner, keys: readonly string[]): Promise<void> {
  // One statement per bucket: a statement over several would have to lock them in the same order as all others.
  for (const key of keys) {
    await db.query(`UPDATE rate_bucket SET tokens = LEAST(capacity, tokens + 1) WHERE key = $1`, [key]);
  }
}

/** How many tokens an existing bucket holds now. */
const FILLED = `
  LEAST(EXCLUDED.capacity, b.tokens + EXCLUDED.per_ms * GREATEST(0, extract(epoch FROM now() - b.refilled_at)::float8) * 1000)`;

/** How many of them a statement may take: none while the platform's own limit holds. */
const TAKEN = `
  CASE WHEN b.limited_until > now() THEN 0 ELSE LEAST(EXCLUDED.taken, floor(${FILLED})) END`;
