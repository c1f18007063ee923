import type { Database, SqlRunner } from '@solospark/db';

export interface NewConnection {
  id: string;
  organizationId: string;
  platform: string;
  server: string;
  sandbox: boolean;
  stateHash: string;
  sealedVerifier: string;
  lifetimeMs: number;
}

/**
 * Returns when the connection expires, also if it exists already because the first answer was lost. Also deletes connections
 * that expired long ago.
 */
export async function insertConnection(db: SqlRunner, connection: NewConnection): Promise<Date> {
  const [row] = await db.query<{ expiresAt: Date }>(
    `WITH forgotten AS (DELETE FROM connection WHERE expires_at < now() - interval '1 day')
     INSERT INTO connection (id, organization_id, platform, server, sandbox, state_hash, sealed_verifier, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8::float8 / 1000))
     ON CONFLICT (id) DO UPDATE SET id = excluded.id
     RETURNING expires_at AS "expiresAt"`,
    [
      connection.id,
      connection.organizationId,
      connection.platform,
      connection.server,
      connection.sandbox,
      connection.stateHash,
      connection.sealedVerifier,
      connection.lifetimeMs,
    ],
  );
  if (!row) throw new Error('the connection was not written');
  return row.expiresAt;
}

export interface OpenConnection {
  id: string;
  organizationId: string;
  organizationName: string;
  platform: string;
  server: string;
  sandbox: boolean;
  sealedVerifier: string;
  /** Null: our page has not been shown yet, or its form was used. */
  formHash: string | null;
}

const OPEN = `connection.id, organization_id AS "organizationId", organization.name AS "organizationName", platform, server, sandbox,
              sealed_verifier AS "sealedVerifier", form_hash AS "formHash"`;

/** Undefined when it is unknown or expired, or its author has come back already. */
export async function findOpenConnection(
  db: SqlRunner,
  stateHash: string,
): Promise<OpenConnection | undefined> {
  const [row] = await db.query<OpenConnection>(
    `SELECT ${OPEN} FROM connection JOIN organization ON organization.id = organization_id
     WHERE state_hash = $1 AND returned_at IS NULL AND expires_at > now()`,
    [stateHash],
  );
  return row;
}

/** Our page was shown: only its newest form is valid. */
export async function bindForm(
  db: Database,
  { id, formHash }: { id: string; formHash: string },
): Promise<void> {
  await db.prisma.connection.updateMany({ where: { id }, data: { formHash } });
}

/**
 * Uses up the form, and binds the connection to the browser that goes to the platform's page now. False: the form was used
 * meanwhile.
 */
export async function takeForm(
  db: Database,
  { id, formHash, browserHash }: { id: string; formHash: string; browserHash: string },
): Promise<boolean> {
  const where = { id, formHash };
  const { count } = await db.prisma.connection.updateMany({ where, data: { browserHash, formHash: null } });
  return count === 1;
}

/** The author has come back with this browser; that works once. Undefined: unknown, expired, used, or another browser. */
export async function takeReturned(
  db: SqlRunner,
  connection: { stateHash: string; browserHash: string },
): Promise<OpenConnection | undefined> {
  const [row] = await db.query<OpenConnection>(
    `UPDATE connection SET returned_at = now()
     FROM organization
     WHERE organization.id = organization_id AND state_hash = $1 AND browser_hash = $2 AND returned_at IS NULL
       AND expires_at > now()
     RETURNING ${OPEN}`,
    [connection.stateHash, connection.browserHash],
  );
  return row;
}

export async function noteResult(
  db: Database,
  { id, ...result }: { id: string; channelId?: string; failureReason?: string },
): Promise<void> {
  await db.prisma.connection.updateMany({ where: { id }, data: result });
}

/** Deletes the verifiers of connections that were used or have expired: nobody unseals them any more. */
export async function forgetSpentVerifiers(db: SqlRunner): Promise<void> {
  await db.query(
    `UPDATE connection SET sealed_verifier = ''
     WHERE sealed_verifier <> '' AND (channel_id IS NOT NULL OR failure_reason IS NOT NULL OR expires_at <= now())`,
  );
}

/** Up to `limit` verifiers that are sealed with another key than `keyId`. */
export async function findVerifiersSealedOtherwise(
  db: SqlRunner,
  options: { keyId: string; limit: number },
): Promise<{ id: string; sealedVerifier: string }[]> {
  return db.query(
    `SELECT id, sealed_verifier AS "sealedVerifier" FROM connection
     WHERE sealed_verifier <> '' AND split_part(sealed_verifier, '.', 2) <> $1 ORDER BY id LIMIT $2`,
    [options.keyId, options.limit],
  );
}

/** Stores the same verifier sealed with another key. */
export async function replaceVerifierSeal(
  db: Database,
  { resealed, ...connection }: { id: string; sealedVerifier: string; resealed: string },
): Promise<void> {
  await db.prisma.connection.updateMany({ where: connection, data: { sealedVerifier: resealed } });
}

export interface ConnectionRow {
  id: string;
  platform: string;
  expiresAt: Date;
  channelId: string | null;
  failureReason: string | null;
}

export async function findConnection(
  db: Database,
  connection: { organizationId: string; id: string },
): Promise<ConnectionRow | null> {
  return db.prisma.connection.findFirst({
    where: connection,
    select: {
      id: true,
      platform: true,
      expiresAt: true,
      channelId: true,
      failureReason: true,
    },
  });
}
