import type { PublishCall, PublishMedia } from '../publisher.ts';
import { readSettings } from '../settings.ts';
import { settings } from './settings.ts';

type Parameters = Record<string, unknown>;

/** Parameters of the container of a post's only file: an image, a reel or a story. */
export async function singleParameters(call: PublishCall, file: PublishMedia): Promise<Parameters> {
  const { kind, shareReelToFeed, coverOffsetMs } = readSettings(settings, call);
  // A story takes neither a text nor an alternative text.
  if (kind === 'story') return { media_type: 'STORIES', ...(await urlParameter(file)) };
  if (file.kind !== 'video') return { ...(await imageParameters(file)), ...captionParameters(call) };
  return {
    media_type: 'REELS',
    ...(await urlParameter(file)),
    ...captionParameters(call),
    share_to_feed: shareReelToFeed,
    ...(coverOffsetMs !== undefined && { thumb_offset: coverOffsetMs }),
  };
}

/** Parameters of a file in a carousel, where a video is not a reel. */
export async function itemParameters(file: PublishMedia): Promise<Parameters> {
  const ofFile =
    file.kind === 'video'
      ? { media_type: 'VIDEO', ...(await urlParameter(file)) }
      : await imageParameters(file);
  return { ...ofFile, is_carousel_item: true };
}

export function carouselParameters(call: PublishCall, itemIds: readonly string[]): Parameters {
  return { media_type: 'CAROUSEL', children: itemIds.join(','), ...captionParameters(call) };
}

async function imageParameters(image: PublishMedia): Promise<Parameters> {
  return { ...(await urlParameter(image)), ...(image.altText ? { alt_text: image.altText } : {}) };
}

async function urlParameter(file: PublishMedia): Promise<Parameters> {
  return { [file.kind === 'video' ? 'video_url' : 'image_url']: await file.publicUrl() };
}

function captionParameters(call: PublishCall): Parameters {
  return call.text === '' ? {} : { caption: call.text };
}
