import { imageTypeOf, type Images } from '../../world/images.ts';
import type { PostMedia } from '../../world/posts.ts';
import type { Answer } from '../platform.ts';
import { isItem, readCaption, refused, type Content } from './content.ts';
import { fetchMedia } from './fetch-media.ts';
import { jpegSizeOf } from './jpeg-size.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';

const maxBytes = 8 * 1024 * 1024;
/** By Instagram's help pages and its app; the API reference still says 4:5. */
const narrowestRatio = 3 / 4;
const widestRatio = 1.91;

/** Checks the parameters of a feed image, fetches the file, and checks it. */
export async function readImage(
  images: Images,
  parameters: GraphParameters,
): Promise<Content | { refusal: Answer }> {
  const imageUrl = parameters['image_url'] ?? '';
  if (imageUrl === '') return refused(refuse.invalidParameter('The parameter image_url is required'));
  const caption = readCaption(parameters);
  if (typeof caption !== 'string') return caption;
  const altText = parameters['alt_text'];
  if (altText !== undefined && altText.length > 1000) {
    return refused(refuse.invalidParameter('alt_text must not exceed 1000 characters'));
  }

  const image = await fetchJpeg(images, imageUrl, fitsFeed);
  if ('refusal' in image) return image;
  return {
    kind: isItem(parameters) ? 'carousel-item' : 'image',
    caption,
    media: [{ ...image, ...(altText !== undefined && { altText }) }],
    isVideo: false,
    settings: {},
  };
}

export async function fetchJpeg(
  images: Images,
  url: string,
  fits: (bytes: Buffer) => boolean = () => true,
): Promise<PostMedia | { refusal: Answer }> {
  const fetched = await fetchMedia(url, { maxBytes, keptBytes: maxBytes });
  if (fetched === 'unreachable') return refused(refuse.mediaNotFetched());
  if (fetched === 'too-large') return refused(refuse.imageTooLarge());
  if (imageTypeOf(fetched.bytes) !== 'image/jpeg') return refused(refuse.imageFormatUnsupported());
  if (!fits(fetched.bytes)) return refused(refuse.imageRatioUnsupported());
  return { imageId: images.keep(fetched.bytes) };
}

/** A file without a readable size passes. */
function fitsFeed(bytes: Buffer): boolean {
  const size = jpegSizeOf(bytes);
  if (!size) return true;
  const ratio = size.width / size.height;
  return ratio >= narrowestRatio && ratio <= widestRatio;
}
