import type { Images } from '../world/images.ts';
import type { ShelvedPost } from '../world/posts.ts';

/**
 * A post as the oracle tells it. `url` is what the platform would say; `viewUrl` can be opened. A file's type is that of
 * its bytes, and null once they have been forgotten.
 */
export function presentPost(
  { platform, post }: ShelvedPost,
  { origin, images }: { origin: string; images: Images },
) {
  return {
    platform,
    account: post.account,
    id: post.id,
    url: post.url,
    viewUrl: `${origin}/_sandbox/view/${platform}/${encodeURIComponent(post.id)}`,
    text: post.text,
    mediaCount: post.media.length,
    media: post.media.map(({ imageId, altText }) => ({
      url: `${origin}/_sandbox/media/${imageId}`,
      altText: altText ?? null,
      mimeType: images.find(imageId)?.type ?? null,
    })),
    settings: post.settings ?? {},
    createdAt: new Date(post.createdAt).toISOString(),
  };
}
