/** The bytes of uploaded images, videos and documents, for the feed. Above the memory limit the oldest are dropped. */
export interface Images {
  keep(bytes: Buffer): string;
  find(id: string): Image | undefined;
  clear(): void;
}

export interface Image {
  bytes: Buffer;
  type: FileType;
}

export type ImageType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp';
export type VideoType = 'video/mp4' | 'video/quicktime';
export type MediaType = ImageType | VideoType;
export type FileType = MediaType | 'application/pdf';

export function createImages(capacityBytes: number): Images {
  const images = new Map<string, Image>();
  let usedBytes = 0;
  let count = 0;
  return {
    keep(bytes) {
      const id = String(++count);
      const type = fileTypeOf(bytes);
      if (!type || bytes.length > capacityBytes) return id;
      images.set(id, { bytes, type });
      usedBytes += bytes.length;
      for (const [oldest, image] of images) {
        if (usedBytes <= capacityBytes) break;
        images.delete(oldest);
        usedBytes -= image.bytes.length;
      }
      return id;
    },
    find: (id) => images.get(id),
    clear() {
      images.clear();
      usedBytes = 0;
    },
  };
}

/** Detects the type from the bytes, not from the name or a header. */
export function imageTypeOf(bytes: Buffer): ImageType | undefined {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  if (/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return 'image/gif';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')
    return 'image/webp';
  return undefined;
}

/** MP4 and MOV begin with a box that names their brand. Images of the HEIF family do, too, with other brands. */
export function videoTypeOf(bytes: Buffer): VideoType | undefined {
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return undefined;
  const brand = bytes.toString('latin1', 8, 12);
  if (/^(hei|hev|mif1|msf1|avi)/.test(brand)) return undefined;
  return brand === 'qt  ' ? 'video/quicktime' : 'video/mp4';
}

export function mediaTypeOf(bytes: Buffer): MediaType | undefined {
  return imageTypeOf(bytes) ?? videoTypeOf(bytes);
}

export function fileTypeOf(bytes: Buffer): FileType | undefined {
  return mediaTypeOf(bytes) ?? (bytes.toString('latin1', 0, 5) === '%PDF-' ? 'application/pdf' : undefined);
}
