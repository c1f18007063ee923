import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { connectionNotFound } from './connection.ts';
import { findConnection } from './connection.repository.ts';

export interface ConnectionProgress {
  id: string;
  platform: string;
  status: 'waiting' | 'connected' | 'failed';
  expiresAt: Date;
  channelId: string | null;
  /** Why it failed, for its author. */
  reason: string | null;
}

/**
 * How far the author has come.
 * @throws DomainError `connection_not_found`.
 */
export async function getConnection(
  ctx: Pick<Context, 'db' | 'clock'>,
  input: { organizationId: string; connectionId: string },
): Promise<ConnectionProgress> {
  const { organizationId, connectionId: id } = input;
  const found = await withRetry(() => findConnection(ctx.db, { organizationId, id }));
  if (!found) throw connectionNotFound();
  const { platform, expiresAt, channelId, failureReason } = found;
  const over = failureReason === null && channelId === null && expiresAt <= ctx.clock.now();
  const reason = over ? 'The time to agree is over. Start again.' : failureReason;
  const status = channelId !== null ? 'connected' : reason !== null ? 'failed' : 'waiting';
  return { id, platform, status, expiresAt, channelId, reason };
}
