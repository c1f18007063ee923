import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { findChannels, type ChannelSummary } from './channel.repository.ts';

export async function listChannels(
  ctx: Pick<Context, 'db'>,
  input: { organizationId: string },
): Promise<ChannelSummary[]> {
  return withRetry(() => findChannels(ctx.db, input.organizationId));
}
