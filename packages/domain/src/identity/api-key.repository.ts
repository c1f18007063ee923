import { inBatches } from '@solospark/db';

/**
 * The organization whose key has this hash, if the key may still be used; by the database's clock. Every request asks, so
 * those that come at the same time share a statement.
 */
export const findOrganizationOfKey = inBatches(async (db, hashes: string[]) => {
  const rows = await db.query<{ key: string; organizationId: string }>(
    `SELECT key, reference_id AS "organizationId" FROM apikey
     WHERE key = ANY ($1::text[]) AND enabled IS NOT FALSE AND (expires_at IS NULL OR expires_at > now())`,
    [hashes],
  );
  const organizations = new Map(rows.map(({ key, organizationId }) => [key, organizationId]));
  return hashes.map((hash) => organizations.get(hash));
});
