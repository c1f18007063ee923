import type { Database } from '@solospark/db';
import type { PostMedia } from '../post/post.ts';

export interface MediaRow extends PostMedia {
  organizationId: string;
}

const SELECT = {
  id: true,
  mimeType: true,
  byteSize: true,
  width: true,
  height: true,
  altText: true,
} as const;

export async function insertMedia(db: Database, media: MediaRow & { sha256: string }): Promise<void> {
  await db.prisma.media.create({ data: media });
}

export async function findMedia(db: Database, organizationId: string, ids: string[]): Promise<PostMedia[]> {
  return db.prisma.media.findMany({ where: { organizationId, id: { in: ids } }, select: SELECT });
}

export async function findMediaById(db: Database, id: string): Promise<MediaRow | null> {
  return db.prisma.media.findUnique({ where: { id }, select: { ...SELECT, organizationId: true } });
}
