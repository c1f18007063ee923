import { imageTypeOf, type Images } from '../../world/images.ts';
import type { PostMedia } from '../../world/posts.ts';
import type { Answer } from '../platform.ts';
import { fetchImage } from './fetch-image.ts';
import { jpegSizeOf } from './jpeg-size.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';

/** A container by itself, an item of a carousel, or the carousel. */
export type ContainerKind = 'image' | 'carousel-item' | 'carousel';

/** What a container is filled with. The pictures stand in the order in which they are shown. */
export interface Content {
  kind: ContainerKind;
  caption: string;
  media: PostMedia[];
}

const maxImageBytes = 8 * 1024 * 1024;
const narrowestRatio = 4 / 5;
const widestRatio = 1.91;

/** Checks the parameters of an image, fetches it, and looks at what came. */
export async function readImage(
  images: Images,
  parameters: GraphParameters,
): Promise<Content | { refusal: Answer }> {
  const isItem = parameters['is_carousel_item'] === 'true';
  const caption = parameters['caption'] ?? '';
  const imageUrl = parameters['image_url'] ?? '';
  if (imageUrl === '') return refused(refuse.invalidParameter('The parameter image_url is required'));
  if (!fitsCaption(caption)) return refused(refuse.captionTooLong());
  if (isItem && caption !== '') {
    return refused(refuse.invalidParameter('caption: stands at the carousel, not at its items'));
  }
  const altText = parameters['alt_text'];
  if (altText !== undefined && altText.length > 1000) {
    return refused(refuse.invalidParameter('alt_text must not exceed 1000 characters'));
  }

  const bytes = await fetchImage(imageUrl, maxImageBytes);
  if (bytes === 'unreachable') return refused(refuse.mediaNotFetched());
  if (bytes === 'too-large') return refused(refuse.imageTooLarge());
  if (imageTypeOf(bytes) !== 'image/jpeg') return refused(refuse.imageFormatUnsupported());
  if (!fitsRatio(bytes)) return refused(refuse.imageRatioUnsupported());
  return {
    kind: isItem ? 'carousel-item' : 'image',
    caption,
    media: [{ imageId: images.keep(bytes), ...(altText !== undefined && { altText }) }],
  };
}

/** 2,200 characters, 30 hashtags, 20 mentions. UTF-16 units are the strictest way to count a character. */
export function fitsCaption(caption: string): boolean {
  const count = (pattern: RegExp) => caption.match(pattern)?.length ?? 0;
  return caption.length <= 2200 && count(/#[\p{L}\p{N}_]/gu) <= 30 && count(/@[\p{L}\p{N}_.]/gu) <= 20;
}

/** What has no size to be read may pass. */
function fitsRatio(bytes: Buffer): boolean {
  const size = jpegSizeOf(bytes);
  if (!size) return true;
  const ratio = size.width / size.height;
  return ratio >= narrowestRatio && ratio <= widestRatio;
}

export const refused = (refusal: Answer) => ({ refusal });
