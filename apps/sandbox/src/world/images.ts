/** The bytes of uploaded images and videos, for the feed to show. When they outgrow their room, the oldest go. */
export interface Images {
  keep(bytes: Buffer): string;
  find(id: string): Image | undefined;
  clear(): void;
}

export interface Image {
  bytes: Buffer;
  type: ImageType | VideoType;
}

export type ImageType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp';
export type VideoType = 'video/mp4' | 'video/quicktime';

export function createImages(capacityBytes: number): Images {
  const images = new Map<string, Image>();
  let usedBytes = 0;
  let count = 0;
  return {
    keep(bytes) {
      const id = String(++count);
      const type = imageTypeOf(bytes) ?? videoTypeOf(bytes);
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

/** The type by content, never by name or header. */
export function imageTypeOf(bytes: Buffer): ImageType | undefined {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  if (/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return 'image/gif';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')
    return 'image/webp';
  return undefined;
}

/** The same by the box that both formats begin with, and the brand in it. */
export function videoTypeOf(bytes: Buffer): VideoType | undefined {
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return undefined;
  return bytes.toString('latin1', 8, 12) === 'qt  ' ? 'video/quicktime' : 'video/mp4';
}
