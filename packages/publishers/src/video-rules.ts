import type { ShapeLimits, VideoLimits, VideoTrait } from './limits.ts';
import type { DraftMedia } from './draft.ts';

// The rules for videos. A finding names the conversion that would help: the upload makes it (`mendOf`), or the author reads a
// sentence about it.

/**
 * The conversion that a file needs: `container`: the same picture and sound in a new MP4, without loss; `sound`: the sound
 * encoded again; `film`: everything encoded again; `loop`: a GIF made into a video.
 */
export type Mend = 'container' | 'sound' | 'film' | 'loop';

export interface Finding {
  code: string;
  detail: string;
  /** Absent: no conversion helps. */
  mend?: Mend;
  /** The documents disagree or say nothing: the platform may take it. */
  isWarning?: true;
}

export function findInVideo(takes: string, file: DraftMedia, limits: VideoLimits): Finding[] {
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);
  const duration = { min: seconds(limits.minDurationMs), max: seconds(limits.maxDurationMs) };
  const rate = { min: limits.minFrameRate, max: limits.maxFrameRate };
  const { width, height } = file;
  const of = `${takes} of`;
  return [
    ...within(file.byteSize, { min: limits.minBytes }, 'media_too_small', of, 'bytes'),
    ...within((file.durationMs ?? 0) / 1_000, duration, 'video_duration', of, 'seconds'),
    ...within(file.frameRate ?? 0, rate, 'video_frame_rate', of, 'frames per second', 'film'),
    ...within(width, { min: limits.minWidth }, 'video_width', of, 'pixels in width'),
    ...within(width, { max: limits.maxWidth }, 'video_width', of, 'pixels in width', 'film'),
    ...within(height, { min: limits.minHeight }, 'video_height', of, 'pixels in height'),
    ...within(height, { max: limits.maxHeight }, 'video_height', of, 'pixels in height', 'film'),
    ...findSides(takes, file, limits),
    ...findBitRate(takes, file, limits),
    ...findCodecs(takes, file, limits),
    ...findTraits(takes, file, limits),
  ];
}

/** The same limits for landscape and portrait: they count the longer and the shorter side. */
export function findSides(takes: string, file: DraftMedia, limits: ShapeLimits): Finding[] {
  const { width, height, uploaded = file } = file;
  const size = `this one is ${uploaded.width} × ${uploaded.height}`;
  const { maxLongSide: longer = Infinity, maxShortSide: shorter = Infinity, unclearSides } = limits;
  const fits = (long: number, short: number) =>
    Math.max(width, height) <= long && Math.min(width, height) <= short;
  if (!fits(longer, shorter)) {
    const detail = `${takes} of up to ${longer} × ${shorter} pixels, or upright ${shorter} × ${longer}; ${size}.`;
    return [{ code: 'media_sides', detail, mend: 'film' }];
  }
  if (!unclearSides || fits(unclearSides.long, unclearSides.short)) return [];
  const sent = uploaded.width === width ? '' : `, and is sent as ${width} × ${height}`;
  const detail = `${unclearSides.why}; ${size}${sent}.`;
  return [{ code: 'media_sides_unclear', detail, isWarning: true }];
}

/** Not checked for a file with too many bytes, which has that finding already. */
function findBitRate(takes: string, file: DraftMedia, { maxBitRate, maxBytes }: VideoLimits): Finding[] {
  if (maxBitRate === undefined || !file.durationMs || file.byteSize > maxBytes) return [];
  const bitRate = Math.round((file.byteSize * 8) / (file.durationMs / 1_000));
  return within(bitRate, { max: maxBitRate }, 'video_bit_rate', `${takes} of`, 'bits per second', 'film');
}

function findCodecs(takes: string, file: DraftMedia, { codecs, audioCodecs }: VideoLimits): Finding[] {
  const found: Finding[] = [];
  if (!codecs.includes(file.videoCodec ?? '')) {
    const detail = `${takes} in ${codecs.join(' or ')}; this one is in ${file.videoCodec ?? 'something unknown'}.`;
    found.push({ code: 'video_codec_unsupported', detail, mend: 'film' });
  }
  const sound = file.audioCodec;
  if (audioCodecs && sound !== null && !audioCodecs.includes(sound)) {
    const detail = `${takes} with sound in ${audioCodecs.join(' or ')}; the sound of this one is in ${sound}.`;
    found.push({ code: 'audio_codec_unsupported', detail, mend: 'sound' });
  }
  return found;
}

/** `wants` and `has` are parts of the sentence. `has` returns undefined if the file is as every platform wants it. */
const TRAITS: Readonly<
  Record<VideoTrait, { wants: string; mend: Mend; has: (file: DraftMedia) => string | undefined }>
> = {
  chroma: {
    wants: 'in YUV 4:2:0',
    mend: 'film',
    has: ({ details: { chromaSubsampling = '4:2:0' } = {} }) =>
      chromaSubsampling === '4:2:0' ? undefined : chromaSubsampling,
  },
  // 10 bits are a main profile of HEVC, so platforms that take HEVC take it.
  bitDepth: {
    wants: 'of 8 bits per colour',
    mend: 'film',
    has: ({ videoCodec, details: { bitDepth = 8 } = {} }) =>
      bitDepth > 8 && videoCodec !== 'hevc' ? `${bitDepth} bits` : undefined,
  },
  interlaced: {
    wants: 'with progressive scan',
    mend: 'film',
    has: ({ details }) => (details?.scan === 'interlaced' ? 'interlaced' : undefined),
  },
  pixels: {
    wants: 'with square pixels',
    mend: 'film',
    has: ({ details }) => (details?.squarePixels === false ? 'stretched' : undefined),
  },
  channels: {
    wants: 'with mono or stereo sound',
    mend: 'sound',
    has: ({ details: { audioChannels = 2 } = {} }) =>
      audioChannels > 2 ? `with ${audioChannels} channels` : undefined,
  },
  sampleRate: {
    wants: 'with sound of up to 48000 Hz',
    mend: 'sound',
    has: ({ details: { audioSampleRate = 48_000 } = {} }) =>
      audioSampleRate > 48_000 ? `with ${audioSampleRate} Hz` : undefined,
  },
  audioProfile: {
    wants: 'with sound in AAC-LC',
    mend: 'sound',
    has: ({ details: { audioProfile = 'LC' } = {} }) =>
      audioProfile === 'LC' ? undefined : `in AAC-${audioProfile}`,
  },
  fragmented: {
    wants: 'in one piece',
    mend: 'container',
    has: ({ details }) => (details?.fragmented ? 'a fragmented MP4' : undefined),
  },
  moovLast: {
    wants: 'with the table of contents (moov) in front',
    mend: 'container',
    has: ({ details }) => (details?.moovFirst === false ? 'one with it at the end' : undefined),
  },
  editList: {
    wants: 'without edit lists',
    mend: 'container',
    has: ({ details }) => (details?.editList ? 'one with an edit list' : undefined),
  },
};

function findTraits(takes: string, file: DraftMedia, { refuses = [], unclear = [] }: VideoLimits): Finding[] {
  const told = (trait: VideoTrait, isWarning: boolean): Finding[] => {
    const { wants, mend, has } = TRAITS[trait];
    const what = has(file);
    if (what === undefined) return [];
    const code = `video_${trait.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (!isWarning) return [{ code, detail: `${takes} ${wants}; this one is ${what}.`, mend }];
    const detail = `Nothing says that ${takes} that are not ${wants}; this one is ${what}, and may be refused.`;
    return [{ code, detail, mend, isWarning: true }];
  };
  return [
    ...refuses.flatMap((trait) => told(trait, false)),
    ...unclear.flatMap((trait) => told(trait, true)),
  ];
}

interface Range {
  min?: number | undefined;
  max?: number | undefined;
}

export function within(
  value: number,
  range: Range,
  code: string,
  takes: string,
  unit: string,
  mend?: Mend,
  /** The value in the sentence: that of the uploaded file, if this one was converted. */
  said: number = value,
): Finding[] {
  if (value >= (range.min ?? -Infinity) && value <= (range.max ?? Infinity)) return [];
  const detail = `${takes} ${rangeOf(range)} ${unit}; this one has ${said}.`;
  return [{ code, detail, ...(mend && { mend }) }];
}

export function rangeOf(range: Range): string {
  // A third as 0.333.
  const [min, max] = [range.min, range.max].map((value) => value && Number(value.toFixed(3)));
  if (min === undefined) return `up to ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
