import type { Limits, VideoLimits } from '../limits.ts';

const image = {
  max: 10,
  mimeTypes: ['image/jpeg'],
  maxBytes: 8_000_000,
  // Instagram scales wider images down; 3:4 is the tallest ratio.
  rendition: { maxWidth: 1_440, maxHeight: 1_920 },
};

const video = {
  max: 10,
  mimeTypes: ['video/mp4', 'video/quicktime'],
  maxBytes: 300_000_000,
  minDurationMs: 3_000,
  maxDurationMs: 15 * 60_000,
  maxWidth: 1_920,
  minFrameRate: 23,
  maxFrameRate: 60,
  maxBitRate: 25_000_000,
  codecs: ['h264', 'hevc'],
  refuses: ['chroma', 'interlaced', 'channels', 'sampleRate', 'moovLast', 'editList', 'fragmented'],
  unclear: ['bitDepth', 'pixels'],
} satisfies VideoLimits;

/** The feed: one image, one video (a reel), or a carousel of both. */
export const limits: Limits = {
  maxTextLength: 2_200,
  media: {
    min: 1,
    max: 10,
    mixed: true,
    maxAltTextLength: 1_000,
    image: {
      ...image,
      minRatio: 3 / 4,
      maxRatio: 1.91,
      unclearRatio: {
        min: 4 / 5,
        why: 'The help pages and the app take images of up to 3:4, as telephones make them; the API’s reference still says 4:5, so it may be refused.',
      },
    },
    video,
  },
};

/** A story is one file of any ratio: Instagram crops it or adds a border. */
export const storyLimits: Limits['media'] = {
  ...limits.media,
  max: 1,
  image: { ...image, max: 1 },
  video: { ...video, max: 1, maxBytes: 100_000_000, maxDurationMs: 60_000 },
};
