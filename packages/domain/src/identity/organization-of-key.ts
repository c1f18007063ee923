import { withRetry } from '@solospark/db';
import { sha256 } from '@solospark/foundation';
import type { Context } from '../context.ts';
import { findOrganizationOfKey } from './api-key.repository.ts';

/**
 * The organization that a key opens; undefined when it opens none. Every request asks, so it is one statement of our own:
 * better-auth's check takes several, writes one, and calls a key invalid when the database is away.
 */
export async function organizationOfKey(ctx: Pick<Context, 'db'>, key: string): Promise<string | undefined> {
  // The form in which better-auth keeps a key; the key itself is shown once, when it is created.
  const hash = sha256(key);
  return withRetry(() => findOrganizationOfKey(ctx.db, hash));
}
