import type { SqlRunner } from '@solospark/db';

/** The organization whose key has this hash, if the key may still be used; by the database's clock. */
export async function findOrganizationOfKey(db: SqlRunner, keyHash: string): Promise<string | undefined> {
  const [row] = await db.query<{ organizationId: string }>(
    `SELECT reference_id AS "organizationId" FROM apikey
     WHERE key = $1 AND enabled IS NOT FALSE AND (expires_at IS NULL OR expires_at > now())`,
    [keyHash],
  );
  return row?.organizationId;
}
