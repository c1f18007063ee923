import type { Publisher } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { invalidConnection } from '../channel/invalid-connection.ts';

/** @throws DomainError `invalid_connection` for a platform that this installation does not know. */
export function findKnownPublisher(ctx: Pick<Context, 'findPublisher'>, platform: string): Publisher {
  const publisher = ctx.findPublisher(platform);
  if (!publisher)
    throw invalidConnection('/platform', 'unknown_platform', 'must be a platform of this server');
  return publisher;
}
