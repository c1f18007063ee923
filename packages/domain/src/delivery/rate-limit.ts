import { withRetry } from '@solospark/db';
import type { Failure, WaitUntil } from '@solospark/publishers';
import type { Context } from '../context.ts';
import type { ClaimedDelivery } from './delivery.ts';
import { bucketKey, giveTokensBack, recordLimit, takeToken } from './rate-limit.repository.ts';
import type { Lease } from './lease.ts';
import type { Attempt } from './open-attempt.ts';

// Two kinds of rate limits: our own budgets, which keep us from being refused, and the limits that a platform tells us. Both
// are kept in one row per account and one row per platform, which all processes share.

/** Added to a limit, so that a delivery does not come back some microseconds before it ends. */
const AFTER_LIMIT_MS = 50;

export interface Wait {
  until: Date;
  failure: Failure;
}

/**
 * Takes a token from the budget of the account and from that of all accounts at this server of the platform, so that we wait
 * instead of being refused. Takes from both or from neither. Undefined: go ahead.
 */
export async function takeRate(ctx: Context, attempt: Attempt): Promise<Wait | undefined> {
  const { publisher, claim, tokens } = attempt;
  const rates = { ...publisher.rates, ...ctx.settings.rates[publisher.id] };
  const budgets = [
    { key: bucketKey('account', claim), rate: rates.account },
    ...(rates.platform ? [{ key: bucketKey('platform', claim), rate: rates.platform }] : []),
  ];
  for (const budget of budgets) {
    const waitMs = await takeToken(ctx.db, budget);
    if (waitMs === 0) {
      tokens.push(budget.key);
      continue;
    }
    await giveTokensBack(ctx.db, tokens.splice(0));
    return waitForLimit(attempt, publisher.name, waitMs);
  }
  return undefined;
}

/** A limit that the platform has told this delivery or another one, and that still holds. Undefined: go ahead. */
export function findLimit(lease: Lease, platform: string): Wait | undefined {
  const { limitedForMs } = lease.claim;
  return limitedForMs > 0 ? waitForLimit(lease, platform, limitedForMs) : undefined;
}

/**
 * The platform said when to come back. A limit is stored for all deliveries that would make the same request. It grows each
 * time that the platform repeats it, so that a platform that names no useful time is not asked all the time.
 * @returns when this delivery may ask again
 */
export async function keepLimit(
  ctx: Context,
  lease: Lease,
  step: 'prepare' | 'publish',
  answer: WaitUntil,
): Promise<Date> {
  if (!LIMITS.includes(answer.failure.kind)) return answer.until;
  const key = bucketKey(limitedBy(lease.claim, step, answer), lease.claim);
  const forMs = answer.until.getTime() - lease.now().getTime();
  const limitedMs = await withRetry(() => recordLimit(ctx.db, { key, forMs }));
  return new Date(lease.now().getTime() + limitedMs + AFTER_LIMIT_MS);
}

const LIMITS: Failure['kind'][] = ['rate_limited', 'quota_exhausted'];

/** A limit that is met while files are uploaded holds only posts with files. Any other one holds every post. */
function limitedBy({ media }: ClaimedDelivery, step: 'prepare' | 'publish', { limits }: WaitUntil) {
  if (limits === 'platform') return 'platform';
  return step === 'prepare' && media.length > 0 ? 'uploads' : 'account';
}

function waitForLimit(lease: Lease, platform: string, waitMs: number): Wait {
  const until = new Date(lease.now().getTime() + waitMs);
  const reason = `${platform} takes only so many posts in a while. This one goes out as soon as there is room.`;
  return { until, failure: { kind: 'rate_limited', actor: 'platform', reason } };
}
