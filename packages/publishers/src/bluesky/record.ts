import type { PublishCall } from '../publisher.ts';
import { POST_COLLECTION } from './api.ts';
import { findFacets } from './facets.ts';
import { blobs, witnessOf } from './witness.ts';

/**
 * The post as it is written into the repository. It depends on the draft and on what `prepare` has remembered, on
 * nothing else: the same delivery makes the same record every time. Undefined while an image has no upload.
 */
export function recordOf(call: PublishCall): Record<string, unknown> | undefined {
  const { createdAt, mentions = {} } = witnessOf(call);
  const images = call.media.map((image) => ({
    image: blobs.find(call, image)?.blob,
    alt: image.altText ?? '',
    aspectRatio: { width: image.width, height: image.height },
  }));
  if (images.some(({ image }) => image === undefined)) return undefined;
  const dids = new Map(Object.entries(mentions).flatMap(([handle, did]) => (did ? [[handle, did]] : [])));
  const facets = findFacets(call.text, dids);
  return {
    $type: POST_COLLECTION,
    text: call.text,
    createdAt,
    ...(facets.length > 0 ? { facets } : {}),
    ...(images.length > 0 ? { embed: { $type: 'app.bsky.embed.images', images } } : {}),
  };
}
