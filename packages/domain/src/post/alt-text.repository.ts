import type { Database } from '@solospark/db';
import type { Media } from '../media/media.ts';
import { lockMedia, readMediaVersion } from '../media/media.repository.ts';
import { noteChange } from './change.repository.ts';

/**
 * Changes the alt text of a media file, unless a post that was checked with the old one is on its way. Drafts with this file
 * get a new revision, so that a draft that is being scheduled at this moment is checked again.
 */
export async function changeAltText(
  db: Database,
  media: { organizationId: string; id: string },
  altText: string | null,
  ifVersion?: string,
): Promise<Media | 'in_use' | undefined> {
  return db.transaction(async (tx) => {
    const found = await lockMedia(tx, media);
    if (!found || found.altText === altText) return found;
    if (ifVersion !== undefined && (await readMediaVersion(tx, media.id)) !== ifVersion) return found;
    const posts = await tx.query<{ id: string; status: string }>(
      `SELECT id, status FROM post
       WHERE id IN (SELECT post_id FROM post_media WHERE media_id = $1) AND deleted_at IS NULL AND status <> 'published'
       ORDER BY id FOR UPDATE`,
      [media.id],
    );
    if (posts.some(({ status }) => status !== 'draft')) return 'in_use';
    const ids = posts.map(({ id }) => id);
    await tx.query(
      `UPDATE post SET revision = revision + 1, ${noteChange('NULL')}, updated_at = now() WHERE id = ANY ($1::uuid[])`,
      [ids],
    );
    await tx.query(`UPDATE media SET alt_text = $2 WHERE id = $1`, [media.id, altText]);
    return { ...found, altText };
  });
}
