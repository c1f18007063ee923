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

/** Answers when it ends, also of one that is there already: its first answer was lost. Those that have long ended go with it. */
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
  /** Null: our page was not shown yet, or its form was used. */
  formHash: string | null;
}

const OPEN = `connection.id, organization_id AS "organizationId", organization.name AS "organizationName", platform, server, sandbox,
              sealed_verifier AS "sealedVerifier", form_hash AS "formHash"`;

/** Undefined when it is unknown, too old, or its author has been there already. */
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

/** Our page is shown: its form is the one that counts. */
export async function bindForm(
  db: Database,
  { id, formHash }: { id: string; formHash: string },
): Promise<void> {
  await db.prisma.connection.updateMany({ where: { id }, data: { formHash } });
}

/** The browser that goes to the platform's page now is the one that must come back. False: the form was used meanwhile. */
export async function takeForm(
  db: Database,
  { id, formHash, browserHash }: { id: string; formHash: string; browserHash: string },
): Promise<boolean> {
  const where = { id, formHash };
  const { count } = await db.prisma.connection.updateMany({ where, data: { browserHash, formHash: null } });
  return count === 1;
}

/** Its author has come back, with this browser: once. Undefined: unknown, too old, used, or another browser. */
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

/** Of connections that are over, used or too old: nobody opens it any more. */
export async function forgetSpentVerifiers(db: SqlRunner): Promise<void> {
  await db.query(
    `UPDATE connection SET sealed_verifier = ''
     WHERE sealed_verifier <> '' AND (channel_id IS NOT NULL OR failure_reason IS NOT NULL OR expires_at <= now())`,
  );
}

/** Sealed with another key than `keyId`: up to `limit` of them. */
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

/** The same proof under another key. */
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
