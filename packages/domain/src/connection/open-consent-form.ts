import { withRetry } from '@solospark/db';
import { sha256 } from '@solospark/foundation';
import type { Context } from '../context.ts';
import { connectionNotFound, formHashOf, newSecret } from './connection.ts';
import { bindForm, findOpenConnection } from './connection.repository.ts';
import { findKnownPublisher } from './find-known-publisher.ts';

/**
 * What the page that asks for consent shows to the author. Nobody should connect an account to an organization by following
 * somebody else's link, or without having seen that page. So its form carries `formToken` and the browser that is shown it
 * keeps `browserKey`; both together work once. Opening the page again replaces its form.
 * @throws DomainError `connection_not_found`.
 */
export async function openConsentForm(
  ctx: Context,
  input: { state: string },
): Promise<{ organizationName: string; platformName: string; formToken: string; browserKey: string }> {
  const connection = await withRetry(() => findOpenConnection(ctx.db, sha256(input.state)));
  if (!connection) throw connectionNotFound();
  const { name } = findKnownPublisher(ctx, connection.platform);
  const form = { formToken: newSecret(), browserKey: newSecret() };
  await withRetry(() => bindForm(ctx.db, { id: connection.id, formHash: formHashOf(form) }));
  return { organizationName: connection.organizationName, platformName: name, ...form };
}
