import type { Context } from '../context.ts';
import { findOrganizationOfKey } from './api-key.repository.ts';

/**
 * Which organization a key opens; undefined when it opens none. Asked on every request, so it is one statement of
 * ours: better-auth's own check takes several, writes one, and calls a key invalid when the database is away.
 */
export async function organizationOfKey(
  ctx: Pick<Context, 'db'>,
  keyHash: string,
): Promise<string | undefined> {
  return findOrganizationOfKey(ctx.db, keyHash);
}
