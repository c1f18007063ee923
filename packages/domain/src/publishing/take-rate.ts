import { giveTokensBack, takeToken } from '../delivery/rate-limit.repository.ts';
import type { Failure, Publisher } from '@solospark/publishers';
import type { Hold } from './hold.ts';
import type { Context } from '../context.ts';

/**
 * Keeps within the budgets of the account and of all accounts at this server of the platform, so that we wait instead of
 * being refused. Takes from both or from none. Undefined: go ahead.
 */
export async function takeRate(
  ctx: Context,
  hold: Hold,
  publisher: Publisher,
): Promise<{ until: Date; failure: Failure } | undefined> {
  const rates = { ...publisher.rates, ...ctx.settings.rates[publisher.id] };
  const { endpoint, channel } = hold.claim;
  const place = [publisher.id, ...(endpoint ? [endpoint] : [])];
  const budgets = [
    { key: ['account', ...place, channel.remoteAccountId].join(':'), rate: rates.account },
    ...(rates.platform ? [{ key: ['platform', ...place].join(':'), rate: rates.platform }] : []),
  ];
  for (const budget of budgets) {
    const waitMs = await takeToken(ctx.db, budget);
    if (waitMs === 0) {
      hold.tokens.push(budget.key);
      continue;
    }
    await giveTokensBack(ctx.db, hold.tokens.splice(0));
    const until = new Date(hold.now().getTime() + waitMs);
    const reason = `${publisher.name} takes only so many posts in a while. This one goes out as soon as there is room.`;
    return { until, failure: { kind: 'rate_limited', actor: 'platform', reason } };
  }
  return undefined;
}
