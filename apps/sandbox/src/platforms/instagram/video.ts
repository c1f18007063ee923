import { videoTypeOf, type Images } from '../../world/images.ts';
import type { PostMedia } from '../../world/posts.ts';
import type { Answer } from '../platform.ts';
import { isItem, readCaption, refused, type Content } from './content.ts';
import { fetchMedia } from './fetch-media.ts';
import { fetchJpeg } from './image.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';
import { isTableLast, videoDurationOf } from './video-duration.ts';

export interface VideoRules {
  maxBytes: number;
  minMs: number;
  maxMs: number;
}
export const reelRules: VideoRules = { maxBytes: 300 * 1024 * 1024, minMs: 3_000, maxMs: 15 * 60_000 };
export const storyRules: VideoRules = { maxBytes: 100 * 1024 * 1024, minMs: 3_000, maxMs: 60_000 };

/** A larger video is checked, but not kept for the feed. */
const keptBytes = 20 * 1024 * 1024;

/** A video by itself. */
export async function readReel(
  images: Images,
  parameters: GraphParameters,
): Promise<Content | { refusal: Answer }> {
  if (isItem(parameters)) return refused(refuse.invalidParameter('media_type: a reel is no carousel item'));
  const content = await readVideo(images, parameters);
  if ('refusal' in content) return content;
  const { share_to_feed: shareToFeed = 'true', cover_url: coverUrl, thumb_offset: thumbOffset } = parameters;
  if (!['true', 'false'].includes(shareToFeed)) {
    return refused(refuse.invalidParameter('share_to_feed must be true or false'));
  }
  const settings: Record<string, unknown> = { media_type: 'REELS', share_to_feed: shareToFeed === 'true' };
  if (coverUrl !== undefined) {
    const cover = await fetchJpeg(images, coverUrl);
    if ('refusal' in cover) return cover;
    // The cover URL takes precedence over the offset.
    settings['cover_url'] = coverUrl;
  } else if (thumbOffset !== undefined) {
    if (!/^\d+$/.test(thumbOffset) || Number(thumbOffset) >= content.durationMs) {
      return refused(refuse.thumbOffsetOutOfBounds());
    }
    settings['thumb_offset'] = Number(thumbOffset);
  }
  return { ...content, kind: 'reel', settings };
}

/** A video as an item of a carousel; a single video must be a reel. */
export async function readVideoItem(
  images: Images,
  parameters: GraphParameters,
): Promise<Content | { refusal: Answer }> {
  if (isItem(parameters)) return readVideo(images, parameters);
  return refused(refuse.invalidParameter('media_type: VIDEO is no longer supported, use REELS'));
}

async function readVideo(
  images: Images,
  parameters: GraphParameters,
): Promise<(Content & { durationMs: number }) | { refusal: Answer }> {
  const videoUrl = parameters['video_url'] ?? '';
  if (videoUrl === '') return refused(refuse.invalidParameter('The parameter video_url is required'));
  const caption = readCaption(parameters);
  if (typeof caption !== 'string') return caption;
  if (parameters['alt_text'] !== undefined) {
    return refused(refuse.invalidParameter('alt_text: is for images'));
  }
  const video = await fetchVideo(images, videoUrl, reelRules);
  if ('refusal' in video) return video;
  const { durationMs, ...media } = video;
  return { kind: 'carousel-item', caption, media: [media], isVideo: true, settings: {}, durationMs };
}

/** A video without a readable duration passes, with an infinite duration. */
export async function fetchVideo(
  images: Images,
  url: string,
  { maxBytes, minMs, maxMs }: VideoRules,
): Promise<(PostMedia & { durationMs: number }) | { refusal: Answer }> {
  const fetched = await fetchMedia(url, { maxBytes, keptBytes });
  if (fetched === 'unreachable') return refused(refuse.mediaNotFetched());
  if (fetched === 'too-large' || !videoTypeOf(fetched.bytes)) return refused(refuse.videoUnsupported());
  if (isTableLast(fetched.bytes)) return refused(refuse.videoUnsupported());
  const durationMs = videoDurationOf(fetched.bytes);
  if (durationMs !== undefined && (durationMs < minMs || durationMs > maxMs)) {
    return refused(refuse.videoUnsupported());
  }
  const imageId = images.keep(fetched.isWhole ? fetched.bytes : Buffer.alloc(0));
  return { imageId, durationMs: durationMs ?? Infinity };
}
