import type { Context } from '../context.ts';
import { connectionNotFound, hashOf } from './connection.ts';
import { findOpenConnection } from './connection.repository.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

/**
 * What the author is about to do, for the page that asks them: nobody is to lend an account to an organization by
 * following somebody else's link.
 * @throws DomainError `connection_not_found`.
 */
export async function describeConnection(
  ctx: Context,
  input: { state: string },
): Promise<{ organizationName: string; platformName: string }> {
  const connection = await findOpenConnection(ctx.db, hashOf(input.state));
  if (!connection) throw connectionNotFound();
  const { name } = findKnownPublisher(ctx, connection.platform);
  return { organizationName: connection.organizationName, platformName: name };
}
