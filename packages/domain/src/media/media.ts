import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../errors.ts';

/** What the sniffed type is called in a URL and a header. */
export const MEDIA_TYPES = { jpg: 'image/jpeg', png: 'image/png' } as const;

export const MAX_MEDIA_BYTES = 8 * 1024 * 1024;

/** Where the bytes of a media row lie in the file store. */
export function mediaKey(media: { organizationId: string; id: string }): string {
  return `${media.organizationId}/${media.id}`;
}

/**
 * A URL under which anybody may fetch this one file until it expires. Platforms that fetch media themselves have no
 * key of ours, so the URL is the permission.
 */
export function signMediaUrl(
  settings: { publicUrl: string; mediaSigningKey: string },
  mediaId: string,
  expiresAt: Date,
): string {
  const expires = Math.floor(expiresAt.getTime() / 1000);
  const signature = signatureOf(settings.mediaSigningKey, mediaId, expires);
  return `${settings.publicUrl}/media/${mediaId}?expires=${expires}&signature=${signature}`;
}

/** @throws DomainError `invalid_link` when the link is altered or past its time. */
export function assertMediaLink(
  mediaSigningKey: string,
  link: { mediaId: string; expires: number; signature: string },
  now: Date,
): void {
  const expected = Buffer.from(signatureOf(mediaSigningKey, link.mediaId, link.expires));
  const given = Buffer.from(link.signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new DomainError(
      'invalid_link',
      'This link is not valid. Ask the API for the media again to get a new one.',
    );
  }
  if (link.expires * 1000 <= now.getTime()) {
    throw new DomainError(
      'invalid_link',
      'This link has expired. Ask the API for the media again to get a new one.',
    );
  }
}

function signatureOf(key: string, mediaId: string, expires: number): string {
  return createHmac('sha256', key).update(`media ${mediaId} ${expires}`).digest('base64url');
}
