import type { PublishCall, PublishMedia } from '../publisher.ts';
import type { LinkCard } from './settings.ts';
import { blobs, type BlobRef } from './evidence.ts';

type Embed = { $type: `app.bsky.embed.${'images' | 'video' | 'external'}` } & Record<string, unknown>;

/** The one embed of the post: images, a video or a link card. Undefined while a file has no upload. */
export function embedOf(call: PublishCall, card: LinkCard | undefined): Embed | null | undefined {
  const uploaded = call.media.flatMap((file) => {
    const blob = blobs.find(call, file)?.blob;
    return blob ? [{ file, blob }] : [];
  });
  if (uploaded.length < call.media.length) return undefined;
  const [first] = uploaded;
  if (card) return externalOf(card, first?.blob);
  if (!first) return null;
  if (first.file.kind === 'video') {
    return { $type: 'app.bsky.embed.video', video: first.blob, ...shownAs(first.file) };
  }
  const images = uploaded.map(({ file, blob }) => ({ image: blob, ...shownAs(file) }));
  return { $type: 'app.bsky.embed.images', images };
}

function externalOf({ url, title, description }: LinkCard, thumb: BlobRef | undefined): Embed {
  return {
    $type: 'app.bsky.embed.external',
    external: { uri: url, title, description, ...(thumb && { thumb }) },
  };
}

function shownAs({ altText, width, height }: PublishMedia) {
  return { alt: altText ?? '', aspectRatio: { width, height } };
}
