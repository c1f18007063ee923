import type { ShelvedPost } from '../world/posts.ts';

/** A post as the oracle tells it. `url` is what the platform would say; `viewUrl` can be opened. */
export function presentPost({ platform, post }: ShelvedPost, origin: string) {
  return {
    platform,
    account: post.account,
    id: post.id,
    url: post.url,
    viewUrl: `${origin}/_sandbox/view/${platform}/${encodeURIComponent(post.id)}`,
    text: post.text,
    mediaCount: post.media.length,
    media: post.media.map(({ imageId, kind, altText }) => ({
      kind: kind ?? 'image',
      url: `${origin}/_sandbox/media/${imageId}`,
      altText: altText ?? null,
    })),
    settings: post.settings ?? {},
    createdAt: new Date(post.createdAt).toISOString(),
  };
}
