import type { Database, SqlRunner } from '@solospark/db';

/** A server at which this installation registered itself, and the redirect address that it registered. */
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

export async function findPlatformApp(db: Database, key: PlatformAppKey): Promise<StoredApp | null> {
  return db.prisma.platformApp.findUnique({
    where: { platform_server_redirectUri: key },
    select: { clientId: true, sealedSecret: true },
  });
}

/** The first registration wins; a later one is never used. */
export async function insertPlatformApp(db: Database, app: PlatformAppKey & StoredApp): Promise<void> {
  await db.prisma.platformApp.createMany({ data: app, skipDuplicates: true });
}

/** The server does not know the client any more: the next author registers a new one. */
export async function removePlatformApp(
  db: Database,
  app: PlatformAppKey & { clientId: string },
): Promise<void> {
  await db.prisma.platformApp.deleteMany({ where: app });
}

/** Up to `limit` clients whose secrets are sealed with another key than `keyId`. */
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

/** Stores the same secret sealed with another key. */
export async function replaceAppSeal(
  db: Database,
  { resealed, ...app }: PlatformAppKey & StoredApp & { resealed: string },
): Promise<void> {
  await db.prisma.platformApp.updateMany({ where: app, data: { sealedSecret: resealed } });
}
