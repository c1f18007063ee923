import type { Database, SqlRunner } from '@solospark/db';
import type { Media } from './media.ts';

/** A media row of the table or alias `m`, as JSON. */
const AS_JSON = `jsonb_build_object(
  'id', m.id, 'kind', m.kind, 'mimeType', m.mime_type, 'byteSize', m.byte_size, 'width', m.width, 'height', m.height,
  'durationMs', m.duration_ms, 'frameRate', m.frame_rate, 'videoCodec', m.video_codec, 'audioCodec', m.audio_codec,
  'pageCount', m.page_count, 'altText', m.alt_text, 'sha256', m.stored_sha256,
  'renditions', m.renditions, 'details', m.details)`;

/** The media of post `p` in their order, as a list in JSON. */
export const MEDIA_OF_POST = `COALESCE((
  SELECT jsonb_agg(${AS_JSON} ORDER BY pm.position)
  FROM post_media pm JOIN media m ON m.id = pm.media_id WHERE pm.post_id = p.id), '[]')`;

export interface MediaRow extends Media {
  organizationId: string;
}

/**
 * Inserts the row, and its files are no longer orphaned: both or nothing. False, and nothing was written, when a file has
 * been swept meanwhile.
 */
export async function insertMedia(
  db: SqlRunner,
  media: MediaRow & { uploadedSha256: string },
  keys: string[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH known AS (
       DELETE FROM stray_file WHERE key = ANY ($1::text[]) AND NOT removing RETURNING key
     )
     INSERT INTO media (id, organization_id, kind, mime_type, byte_size, width, height, duration_ms, frame_rate,
                        video_codec, audio_codec, page_count, sha256, alt_text, renditions, stored_sha256, details)
     SELECT $2::uuid, $3, $4::media_kind, $5, $6::int, $7::int, $8::int, $9::int, $10::float8, $11, $12, $13::int, $14, $15,
            $16::jsonb, $17, $18::jsonb
     WHERE (SELECT count(*) FROM known) = cardinality($1::text[])
     RETURNING id`,
    [
      keys,
      media.id,
      media.organizationId,
      media.kind,
      media.mimeType,
      media.byteSize,
      media.width,
      media.height,
      media.durationMs,
      media.frameRate,
      media.videoCodec,
      media.audioCodec,
      media.pageCount,
      media.uploadedSha256,
      media.altText,
      JSON.stringify(media.renditions),
      media.sha256,
      JSON.stringify(media.details),
    ],
  );
  return rows.length === 1;
}

export async function findMedia(db: SqlRunner, organizationId: string, ids: string[]): Promise<Media[]> {
  const rows = await db.query<{ media: Media }>(
    `SELECT ${AS_JSON} AS media FROM media m WHERE organization_id = $1 AND id = ANY ($2::uuid[])`,
    [organizationId, ids],
  );
  return rows.map(({ media }) => media);
}

export async function findMediaById(db: SqlRunner, id: string): Promise<MediaRow | undefined> {
  const rows = await db.query<{ media: Media; organizationId: string }>(
    `SELECT ${AS_JSON} AS media, organization_id AS "organizationId" FROM media m WHERE id = $1`,
    [id],
  );
  return rows[0] && { ...rows[0].media, organizationId: rows[0].organizationId };
}

/**
 * Deletes a media row, unless a post may still need it: any post that exists, except one that is published on all its
 * channels. Its files become orphaned files in the same transaction.
 *
 * The row lock decides the race against a post that is being written with this file. Writing the post needs a lock on this
 * row (by its foreign key): whichever commits first, the other one finds the post there, or the row gone.
 */
export async function takeOutMedia(
  db: Database,
  media: { organizationId: string; id: string },
  keysOf: (media: MediaRow) => string[],
): Promise<string[] | 'in_use' | undefined> {
  return db.transaction(async (tx) => {
    const found = await lockMedia(tx, media);
    if (!found) return undefined;
    const [needed] = await tx.query(
      `SELECT FROM post_media pm JOIN post p ON p.id = pm.post_id
       WHERE pm.media_id = $1 AND p.deleted_at IS NULL AND p.status <> 'published' LIMIT 1`,
      [media.id],
    );
    if (needed) return 'in_use';
    const keys = keysOf(found);
    await tx.query(`DELETE FROM post_media WHERE media_id = $1`, [media.id]);
    await tx.query(`DELETE FROM media WHERE id = $1`, [media.id]);
    await tx.query(`INSERT INTO stray_file (key, removing) SELECT unnest($1::text[]), true`, [keys]);
    return keys;
  });
}

/** Changes with every change of the row. */
export async function readMediaVersion(db: SqlRunner, id: string): Promise<string | undefined> {
  const [row] = await db.query<{ version: string }>(`SELECT xmin::text AS version FROM media WHERE id = $1`, [
    id,
  ]);
  return row?.version;
}

/** Locks the row: until the transaction ends no post can be written with this file. */
export async function lockMedia(
  tx: SqlRunner,
  { organizationId, id }: { organizationId: string; id: string },
): Promise<MediaRow | undefined> {
  await tx.query(`SELECT FROM media WHERE id = $1 AND organization_id = $2 FOR UPDATE`, [id, organizationId]);
  // Read after the lock was granted.
  const found = await findMediaById(tx, id);
  return found?.organizationId === organizationId ? found : undefined;
}

/** Notes orphaned files before they are stored. Keys that are noted already stay as they are. */
export async function noteStrayFiles(db: Database, keys: string[]): Promise<void> {
  await db.prisma.strayFile.createMany({ data: keys.map((key) => ({ key })), skipDuplicates: true });
}

/**
 * Orphaned files to be removed now: those of deleted media, and those of uploads that are so old that they are abandoned.
 * From here on no media row can claim them.
 */
export async function takeStrayFiles(db: SqlRunner, olderThanMs: number, limit: number): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
    `UPDATE stray_file SET removing = true
     WHERE key IN (
       SELECT key FROM stray_file WHERE removing OR since < now() - make_interval(secs => $1::float8 / 1000)
       ORDER BY since LIMIT $2)
     RETURNING key`,
    [olderThanMs, limit],
  );
  return rows.map(({ key }) => key);
}

/** The file has been removed. */
export async function forgetStrayFile(db: Database, key: string): Promise<void> {
  await db.prisma.strayFile.deleteMany({ where: { key } });
}
