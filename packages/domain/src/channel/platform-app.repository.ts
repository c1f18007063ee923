import type { SqlRunner } from '@solospark/db';

/** A server at which this installation registered itself, for the address to which it sends authors back. */
export interface PlatformAppKey {
  platform: string;
  /** The server's origin. */
  server: string;
  redirectUri: string;
}

export interface StoredApp {
  clientId: string;
  sealedSecret: string;
}

export async function findPlatformApp(db: SqlRunner, key: PlatformAppKey): Promise<StoredApp | undefined> {
  const [row] = await db.query<StoredApp>(
    `SELECT client_id AS "clientId", sealed_secret AS "sealedSecret" FROM platform_app
     WHERE platform = $1 AND server = $2 AND redirect_uri = $3`,
    [key.platform, key.server, key.redirectUri],
  );
  return row;
}

/** Whoever registers first wins: the other registration is never used. */
export async function insertPlatformApp(db: SqlRunner, app: PlatformAppKey & StoredApp): Promise<void> {
  await db.query(
    `INSERT INTO platform_app (platform, server, redirect_uri, client_id, sealed_secret) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [app.platform, app.server, app.redirectUri, app.clientId, app.sealedSecret],
  );
}

/** The server has forgotten it: the next author registers anew. */
export async function removePlatformApp(
  db: SqlRunner,
  app: PlatformAppKey & { clientId: string },
): Promise<void> {
  await db.query(
    `DELETE FROM platform_app WHERE platform = $1 AND server = $2 AND redirect_uri = $3 AND client_id = $4`,
    [app.platform, app.server, app.redirectUri, app.clientId],
  );
}

/** Sealed with another key than `keyId`: up to `limit` of them. */
export async function findAppsSealedOtherwise(
  db: SqlRunner,
  options: { keyId: string; limit: number },
): Promise<(PlatformAppKey & StoredApp)[]> {
  return db.query(
    `SELECT platform, server, redirect_uri AS "redirectUri", client_id AS "clientId", sealed_secret AS "sealedSecret"
     FROM platform_app WHERE split_part(sealed_secret, '.', 2) <> $1 LIMIT $2`,
    [options.keyId, options.limit],
  );
}

/** The same secret under another key. */
export async function replaceAppSeal(
  db: SqlRunner,
  app: PlatformAppKey & StoredApp & { resealed: string },
): Promise<void> {
  await db.query(
    `UPDATE platform_app SET sealed_secret = $5
     WHERE platform = $1 AND server = $2 AND redirect_uri = $3 AND sealed_secret = $4`,
    [app.platform, app.server, app.redirectUri, app.sealedSecret, app.resealed],
  );
}
