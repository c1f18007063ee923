import { takeToken } from '../delivery/rate-limit.repository.ts';
import type { Failure, Publisher } from '@solospark/publishers';
import type { Hold } from './hold.ts';
import type { Context } from '../context.ts';

/**
 * Keeps within the platform's budgets, for the account and for all accounts together, so that we wait instead of
 * being refused. Undefined: go ahead.
 */
export async function takeRate(
  ctx: Context,
  hold: Hold,
  publisher: Publisher,
): Promise<{ until: Date; failure: Failure } | undefined> {
  const rates = { ...publisher.rates, ...ctx.settings.rates[publisher.id] };
  const { server, remoteAccountId } = hold.claim.channel;
  const account = ['account', publisher.id, ...(server ? [server] : []), remoteAccountId].join(':');
  const waits = [await takeToken(ctx.db, { key: account, rate: rates.account })];
  if (waits[0] === 0 && rates.platform) {
    waits.push(await takeToken(ctx.db, { key: `platform:${publisher.id}`, rate: rates.platform }));
  }
  const waitMs = Math.max(...waits);
  if (waitMs === 0) return undefined;
  const until = new Date(hold.now().getTime() + waitMs);
  const reason = `${publisher.name} takes only so many posts in a while. This one goes out as soon as there is room.`;
  return { until, failure: { kind: 'rate_limited', actor: 'platform', reason } };
}
