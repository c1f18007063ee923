import { inBatches } from '@solospark/db';

/**
 * The organization of the key with this hash, if the key is still valid by the database's clock. Every request asks, so
 * concurrent calls share a statement.
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
