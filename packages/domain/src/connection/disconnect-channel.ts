import { randomUUID } from 'node:crypto';
import { withRetry } from '@solospark/db';
import type { Failure } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ChannelSummary } from '../channel/channel.repository.ts';
import { disableChannel } from './disconnection.repository.ts';

const DISCONNECTED: Failure = {
  kind: 'auth_expired',
  actor: 'user',
  reason: 'The channel was disconnected before this went out. Reconnect it, then try again.',
};

/**
 * Disconnects an account: its credentials are wiped, and once this resolves nothing goes out on it. Deliveries that have
 * fired and are not sent fail; scheduled posts fail at their time, unless the account is connected again by then. With
 * `posts` as `hold` both wait for that instead, for as long as they may be late. The row stays, because the ledger refers to
 * it. A second call changes nothing except `posts`.
 *
 * @throws DomainError `channel_not_found`; `being_sent` while a post is going out on it, or is looked up there.
 */
export async function disconnectChannel(
  ctx: Pick<Context, 'db' | 'log'>,
  input: { organizationId: string; channelId: string; posts?: 'hold' | 'fail' },
): Promise<ChannelSummary> {
  const { organizationId, channelId: id, posts } = input;
  // The same id for every repetition: a disconnection that was made is not made again, even if the account was connected
  // since.
  const changeId = randomUUID();
  const channel = await withRetry(() =>
    disableChannel(ctx.db, { organizationId, id, changeId, posts }, DISCONNECTED),
  );
  if (!channel) throw new DomainError('channel_not_found', 'There is no such channel in this organization.');
  if (channel === 'being_sent') {
    throw new DomainError(
      'being_sent',
      'A post is going out on this channel right now, or is being looked for there. Try again in a moment.',
    );
  }
  ctx.log.info(
    { channelId: id, platform: channel.platform, holdsPosts: channel.holdsPosts },
    'channel disconnected',
  );
  return channel;
}
