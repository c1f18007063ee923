import type { Images } from '../world/images.ts';
import type { ShelvedPost } from '../world/posts.ts';

/** A post in the oracle's answers. `url` is its page on the platform, `viewUrl` the same page by its id. */
export function presentPost({ platform, post }: ShelvedPost, images: Images, origin: string) {
  return {
    platform,
    account: post.account,
    id: post.id,
    url: post.url,
    viewUrl: `${origin}/_sandbox/view/${platform}/${encodeURIComponent(post.id)}`,
    text: post.text,
    mediaCount: post.media.length,
    media: post.media.map(({ imageId, altText, title }) => ({
      url: `${origin}/_sandbox/media/${imageId}`,
      altText: altText ?? null,
      /** Detected from the bytes; null when they are not kept any more. */
      mimeType: images.find(imageId)?.type ?? null,
      ...(title !== undefined && { title }),
    })),
    settings: post.settings ?? {},
    createdAt: new Date(post.createdAt).toISOString(),
  };
}
