import { Type, type Static } from 'typebox';
import type { DraftMedia } from './draft.ts';

// What a platform takes, as data, for the checks and for forms. Sizes are in bytes, sides in pixels, ratios width ÷ height, times
// in milliseconds.

const Count = Type.Integer({ minimum: 0 });
const Ratio = Type.Number({ exclusiveMinimum: 0 });

const file = {
  max: Type.Integer({ minimum: 1, description: 'Files of this kind in one post' }),
  mimeTypes: Type.Array(Type.String()),
  maxBytes: Count,
};
const why = Type.String({ description: 'A sentence: what the documents say, and that they disagree' });
const shape = {
  maxPixels: Type.Optional(Count),
  minRatio: Type.Optional(Ratio),
  maxRatio: Type.Optional(Ratio),
  maxLongSide: Type.Optional(Count),
  maxShortSide: Type.Optional(Count),
  unclearSides: Type.Optional(
    Type.Object(
      { long: Count, short: Count, why },
      { description: 'What is larger is allowed, with a warning' },
    ),
  ),
  unclearRatio: Type.Optional(
    Type.Object({ min: Ratio, why }, { description: 'What is narrower is allowed, with a warning' }),
  ),
};

const VideoTrait = Type.Union([
  Type.Literal('chroma', { description: 'Other than YUV 4:2:0' }),
  Type.Literal('bitDepth', { description: 'H.264 of more than 8 bits' }),
  Type.Literal('interlaced'),
  Type.Literal('pixels', { description: 'That are not square' }),
  Type.Literal('channels', { description: 'More than two' }),
  Type.Literal('sampleRate', { description: 'Above 48,000 Hz' }),
  Type.Literal('audioProfile', { description: 'AAC other than LC' }),
  Type.Literal('fragmented'),
  Type.Literal('moovLast', { description: 'The table of contents at the end' }),
  Type.Literal('editList'),
]);
export type VideoTrait = Static<typeof VideoTrait>;

/** Traits that ordinary players cannot play, for platforms whose documents do not mention them. */
export const UNCLEAR_TRAITS: VideoTrait[] = [
  'chroma',
  'bitDepth',
  'interlaced',
  'channels',
  'sampleRate',
  'audioProfile',
  'fragmented',
];

const ImageLimits = Type.Object({
  ...file,
  ...shape,
  rendition: Type.Object(
    { maxWidth: Count, maxHeight: Count },
    {
      description:
        'An image that does not fit is made into a JPEG of at most maxBytes and these sides when it is uploaded',
    },
  ),
});
const GifLimits = Type.Object({ ...file, ...shape, maxFrames: Type.Optional(Count) });
const VideoLimits = Type.Object({
  ...file,
  ...shape,
  minBytes: Type.Optional(Count),
  minDurationMs: Type.Optional(Count),
  maxDurationMs: Type.Optional(Count),
  minWidth: Type.Optional(Count),
  maxWidth: Type.Optional(Count),
  minHeight: Type.Optional(Count),
  maxHeight: Type.Optional(Count),
  minFrameRate: Type.Optional(Type.Number()),
  maxFrameRate: Type.Optional(Type.Number()),
  maxBitRate: Type.Optional(Type.Integer({ minimum: 0, description: 'Bits per second, of the whole file' })),
  codecs: Type.Array(Type.String(), { description: 'Of the picture: h264, hevc' }),
  audioCodecs: Type.Optional(Type.Array(Type.String())),
  refuses: Type.Optional(Type.Array(VideoTrait, { description: 'What the documents exclude' })),
  unclear: Type.Optional(
    Type.Array(VideoTrait, { description: 'What they do not speak of: allowed, with a warning' }),
  ),
});
const DocumentLimits = Type.Object({ ...file, maxPages: Count });

const MediaLimits = Type.Object({
  min: Count,
  max: Type.Integer({ minimum: 1, description: 'Files in one post' }),
  mixed: Type.Boolean({ description: 'True: files of different kinds may be in one post' }),
  maxAltTextLength: Count,
  image: ImageLimits,
  gif: Type.Optional(GifLimits),
  video: Type.Optional(VideoLimits),
  document: Type.Optional(DocumentLimits),
});

/** A kind of file without limits is not taken. */
export const Limits = Type.Object({
  maxTextLength: Type.Integer({
    minimum: 0,
    description: 'In the platform’s own unit; `check` counts in it',
  }),
  charactersPerLink: Type.Optional(
    Type.Integer({ minimum: 0, description: 'What a link counts, however long it is' }),
  ),
  media: MediaLimits,
});

export type Limits = Static<typeof Limits>;
export type MediaLimits = Static<typeof MediaLimits>;
export type ImageLimits = Static<typeof ImageLimits>;
export type ShapeLimits = Pick<ImageLimits, keyof typeof shape>;
export type GifLimits = Static<typeof GifLimits>;
export type VideoLimits = Static<typeof VideoLimits>;
export type DocumentLimits = Static<typeof DocumentLimits>;

/** True if the platform takes this image without a rendition. Its ratio is not checked. */
export function fitsLimits(
  image: Pick<DraftMedia, 'mimeType' | 'byteSize' | 'width' | 'height'>,
  limits: ImageLimits,
): boolean {
  return (
    limits.mimeTypes.includes(image.mimeType) &&
    image.byteSize <= limits.maxBytes &&
    image.width * image.height <= (limits.maxPixels ?? Infinity)
  );
}
