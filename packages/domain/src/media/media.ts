import type { MediaKind } from '@solospark/media';
import {
  fitsLimits,
  isTaken,
  mendOf,
  type DraftMedia,
  type ImageLimits,
  type MediaDetails,
  type MediaLimits,
} from '@solospark/publishers';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../errors.ts';

export { MAX_UPLOAD_BYTES } from '@solospark/media';

// A media file is one image, GIF, video or document of an organization. The database has its facts; its bytes, and those of the
// files that were derived from it when it was uploaded (its renditions), lie in the file store.

export interface Media {
  id: string;
  kind: MediaKind;
  mimeType: string;
  byteSize: number;
  width: number;
  height: number;
  durationMs: number | null;
  frameRate: number | null;
  videoCodec: string | null;
  audioCodec: string | null;
  /** Of a document. */
  pageCount: number | null;
  altText: string | null;
  /** Of the stored file; null where an older version stored it. */
  sha256: string | null;
  renditions: Rendition[];
  /** Null where an older version stored it. */
  details: StoredDetails | null;
}

/** `uploaded`: the size of the uploaded file, where another form of it is stored. */
export type StoredDetails = MediaDetails & { uploaded?: { byteSize: number } };

/** A derived file. Its name says its purpose, and is part of its key and its links. */
export interface Rendition {
  name: string;
  mimeType: string;
  byteSize: number;
  width: number;
  height: number;
  /** Absent where an older version has made it. */
  sha256?: string;
  /** Present on a video. */
  film?: Pick<Media, 'durationMs' | 'frameRate' | 'videoCodec' | 'audioCodec'> & { details: MediaDetails };
}

/** The one rendition that is for people and not for a platform. */
export const THUMBNAIL = 'thumbnail';

/** The renditions that an image needs so that every platform can be given one: platforms with the same limits share one. */
export function renditionsFor(
  image: Pick<Media, 'mimeType' | 'byteSize' | 'width' | 'height'>,
  platforms: ImageLimits[],
): Map<string, { maxBytes: number; maxWidth: number; maxHeight: number }> {
  return new Map(
    platforms
      .filter((limits) => !fitsLimits(image, limits))
      .map(({ maxBytes, rendition: { maxWidth, maxHeight } }) => [
        `jpeg-${maxWidth}x${maxHeight}-${maxBytes}`,
        { maxBytes, maxWidth, maxHeight },
      ]),
  );
}

type File = DraftMedia & { rendition?: string; sha256: string | null };

/**
 * The file that a platform is given: the original if it fits, else the largest image that fits, or the film with the least
 * done to it. If none fits it is the original, and the platform's own check says what is wrong with it.
 */
export function fileFor(media: Media, limits: MediaLimits): File {
  const { kind, mimeType, byteSize, width, height, durationMs, frameRate, videoCodec, audioCodec } = media;
  const { altText, sha256, pageCount } = media;
  const { uploaded, ...details } = media.details ?? {};
  const facts = { kind, durationMs, frameRate, videoCodec, audioCodec, pageCount, details };
  const seen = { mimeType, byteSize, width, height, ...uploaded };
  const original = { ...facts, mimeType, byteSize, width, height, altText, sha256, uploaded: seen };
  if (kind === 'video' || kind === 'gif') return filmFor(original, media.renditions, limits);
  if (kind !== 'image' || fitsLimits(original, limits.image)) return original;
  const [largest] = media.renditions
    .filter((rendition) => rendition.name !== THUMBNAIL && fitsLimits(rendition, limits.image))
    .sort((a, b) => b.byteSize - a.byteSize);
  if (!largest) return original;
  const { name: rendition, mimeType: type, byteSize: size, width: shownWidth, height: shownHeight } = largest;
  const file = { mimeType: type, byteSize: size, width: shownWidth, height: shownHeight };
  return { ...original, ...file, sha256: largest.sha256 ?? null, rendition };
}

function filmFor(original: File, renditions: Rendition[], limits: MediaLimits): File {
  const films = renditions.flatMap(({ name: rendition, sha256 = null, film, ...file }): File[] =>
    film ? [{ ...original, kind: 'video', ...file, ...film, sha256, rendition }] : [],
  );
  const files = [original, ...films];
  const taken = files.filter((file) => isTaken(file, limits));
  // Of the files that are taken, some with a warning, the first that needs nothing more.
  return taken.find((file) => !mendOf(file, limits)) ?? taken[0] ?? original;
}

/** The key of a media file in the file store: the original's, or a rendition's. */
export function fileKey(media: { organizationId: string; id: string }, rendition?: string): string {
  const key = `${media.organizationId}/${media.id}`;
  return rendition === undefined ? key : `${key}-${rendition}`;
}

/**
 * A URL under which anybody may fetch this one file until it expires. Platforms that fetch media have no API key, so the URL
 * is the permission.
 */
export function signMediaUrl(
  settings: { publicUrl: string; mediaSigningKey: string },
  mediaId: string,
  expiresAt: Date,
  rendition?: string,
): string {
  const expires = Math.floor(expiresAt.getTime() / 1000);
  const signature = signatureOf(settings.mediaSigningKey, { mediaId, rendition, expires });
  const which = rendition === undefined ? '' : `rendition=${rendition}&`;
  return `${settings.publicUrl}/media/${mediaId}?${which}expires=${expires}&signature=${signature}`;
}

export interface MediaLink {
  mediaId: string;
  rendition?: string | undefined;
  expires: number;
  signature: string;
}

/** @throws DomainError `invalid_link` when the link was altered or has expired. */
export function assertMediaLink(mediaSigningKey: string, link: MediaLink, now: Date): void {
  const expected = Buffer.from(signatureOf(mediaSigningKey, link));
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

function signatureOf(key: string, { mediaId, rendition, expires }: Omit<MediaLink, 'signature'>): string {
  const file = rendition === undefined ? mediaId : `${mediaId} ${rendition}`;
  return createHmac('sha256', key).update(`media ${file} ${expires}`).digest('base64url');
}
