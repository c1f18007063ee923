import { createHash, randomUUID } from 'node:crypto';
import { imageSize } from 'image-size';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { PostMedia } from '../post/post.ts';
import { MEDIA_TYPES, mediaKey } from './media.ts';
import { insertMedia } from './media.repository.ts';

/**
 * Keeps one image. Its type is what its bytes say, whatever it is called. The file is stored before the row, so that
 * a row never points at nothing; a crash between leaves a file that nobody knows.
 *
 * @throws DomainError `unsupported_media`.
 */
export async function addMedia(
  ctx: Context,
  input: { organizationId: string; bytes: Uint8Array; altText: string | null },
): Promise<PostMedia> {
  const media = {
    id: randomUUID(),
    organizationId: input.organizationId,
    ...factsOf(input.bytes),
    byteSize: input.bytes.byteLength,
    altText: input.altText,
  };
  await ctx.files.put(mediaKey(media), input.bytes);
  const sha256 = createHash('sha256').update(input.bytes).digest('hex');
  await insertMedia(ctx.db, { ...media, sha256 });
  return media;
}

/** No platform takes more than 8,192; far beyond that the header lies. */
const MAX_SIDE = 30_000;

const isPlausible = (side: number) => side > 0 && side <= MAX_SIDE;

/** Both formats say where they end. A file that was cut off would be refused by the platform, at nine o'clock. */
function isComplete(mimeType: string, bytes: Uint8Array): boolean {
  const end = mimeType === MEDIA_TYPES.jpg ? [0xff, 0xd9] : [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
  return Buffer.from(bytes).lastIndexOf(Buffer.from(end)) > bytes.length / 2;
}

function factsOf(bytes: Uint8Array): { mimeType: string; width: number; height: number } {
  try {
    const { type, width, height, orientation = 1 } = imageSize(bytes);
    const mimeType = MEDIA_TYPES[type as keyof typeof MEDIA_TYPES];
    if (mimeType && isPlausible(width) && isPlausible(height) && isComplete(mimeType, bytes)) {
      // EXIF orientations 5 to 8 are turned by a quarter: shown, it is as wide as it is stored high.
      return orientation >= 5 ? { mimeType, width: height, height: width } : { mimeType, width, height };
    }
  } catch {
    // Not an image that the library can read: the same answer as for one that we do not take.
  }
  throw new DomainError(
    'unsupported_media',
    'The file is not a JPEG or PNG image, or it is damaged. Upload a JPEG or PNG.',
    {
      errors: [{ pointer: '/file', code: 'type', detail: 'must be a JPEG or PNG image, by its content' }],
    },
  );
}
